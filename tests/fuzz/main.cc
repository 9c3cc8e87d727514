// SPDX-License-Identifier: MIT
// Runs a fuzz target without libFuzzer: every file of a corpus, then a bounded number of mutations of them.
//
//   TARGET [CORPUS [ROUNDS]]    the same rounds give the same inputs, so a failure comes back
//
// It ends early after kLongest.
// A failing input is left in the file "crash-input" of the working folder.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Random = std::mt19937_64;
constexpr std::size_t kMaxInput = 8192;
constexpr std::chrono::seconds kLongest{20};
std::string current;  // what the target is working on, for on_crash

std::vector<std::string> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::string> inputs{""};
  if (!std::filesystem::is_directory(folder)) return inputs;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    std::ifstream file{entry.path(), std::ios::binary};
    inputs.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  std::sort(inputs.begin(), inputs.end());  // a folder's order is the file system's affair
  return inputs;
}

std::size_t below(Random& random, std::size_t limit) { return limit == 0 ? 0 : random() % limit; }

// Bytes that parsers treat specially, and any other.
char odd_byte(Random& random) {
  static constexpr char kOdd[] = "\0\n\r\t \"\\[]{}:,.-+/<>=@%0189afAFzZ\x7f\x80\xc3\xff";
  return below(random, 3) == 0 ? static_cast<char>(random()) : kOdd[below(random, sizeof kOdd - 1)];
}

void mutate_once(std::string& text, const std::vector<std::string>& inputs, Random& random) {
  const std::size_t at = below(random, text.size() + 1);
  switch (below(random, 6)) {
    case 0:
      if (at < text.size()) text[at] = odd_byte(random);
      break;
    case 1: text.insert(at, 1, odd_byte(random)); break;
    case 2: text.erase(at, 1 + below(random, 8)); break;
    case 3: text.resize(at); break;
    case 4: text.insert(at, text.substr(below(random, text.size() + 1), below(random, 64))); break;
    default: {
      const std::string& other = inputs[below(random, inputs.size())];
      text.replace(at, std::string::npos, other, below(random, other.size() + 1), std::string::npos);
    }
  }
}

void run(const std::string& input) {
  current.assign(input, 0, kMaxInput);
  // A copy of exactly this size, so that AddressSanitizer sees a read behind its end.
  const std::vector<std::uint8_t> exact{current.begin(), current.end()};
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void on_crash(int) {
  std::ofstream{"crash-input", std::ios::binary} << current;
  std::fputs("the input that failed is in 'crash-input'\n", stderr);
  std::_Exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, on_crash);
  const std::vector<std::string> inputs = read_corpus(argc > 1 ? argv[1] : "");
  const unsigned long rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 200000;
  for (const std::string& input : inputs) run(input);
  Random random{1};
  const auto end = std::chrono::steady_clock::now() + kLongest;
  unsigned long round = 0;
  for (; round < rounds && std::chrono::steady_clock::now() < end; ++round) {
    std::string text = inputs[below(random, inputs.size())];
    for (std::size_t times = 1 + below(random, 4); times > 0; --times) mutate_once(text, inputs, random);
    run(text);
  }
  std::printf("%zu recorded inputs and %lu mutations of them\n", inputs.size(), round);
}
