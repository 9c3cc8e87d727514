// SPDX-License-Identifier: MIT
// How long one ban takes: ban_latency TRIALS PROGRAM [ARGUMENT]... runs a stage, writes it one ban after the
// other, each only when the answer to the one before has come, and prints percentiles in microseconds. With
// `--each` in place of TRIALS' program the program is run anew for every ban, its last argument an address.
#include <cstring>

#include "child.h"

namespace {

using namespace bench;

using Clock = std::chrono::steady_clock;

std::string target(int trial) {
  return "100.66." + std::to_string(trial / 256 % 256) + "." + std::to_string(trial % 256);
}

// One stage for all trials.
std::vector<double> time_stage(int trials, char** command) {
  Child child{command};
  std::vector<double> times;
  char answer[65536];
  for (int trial = -20; trial < trials; ++trial) {  // the first few warm up
    const std::string line =
        R"({"type":"ban","time":"2026-06-01T12:00:00.000000Z","origin":"fi-1/bench","target":")" +
        target(trial + 20) + "\",\"seconds\":600}\n";
    const Clock::time_point begin = Clock::now();
    if (write(child.in(), line.data(), line.size()) < 0) die("write");
    const ssize_t size = read(child.out(), answer, sizeof answer);
    const Clock::time_point done = Clock::now();
    if (size <= 0 || memmem(answer, static_cast<std::size_t>(size), "\"banned\"", 8) == nullptr) {
      std::fprintf(stderr, "ban_latency: not banned: %.*s\n", static_cast<int>(std::max<ssize_t>(size, 0)),
                   answer);
      std::exit(1);
    }
    if (trial >= 0) times.push_back(std::chrono::duration<double, std::micro>(done - begin).count());
  }
  child.finish();
  return times;
}

// A process for every trial.
std::vector<double> time_each(int trials, std::vector<char*> command) {
  std::vector<double> times;
  for (int trial = 0; trial < trials; ++trial) {
    std::string address = target(trial);
    std::vector<char*> words = command;
    words.push_back(address.data());
    words.push_back(nullptr);
    const Clock::time_point begin = Clock::now();
    end(start(words.data(), -1, -1));
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  return times;
}

}  // namespace

int main(int argc, char** argv) {
  const bool each = argc > 2 && std::strcmp(argv[2], "--each") == 0;
  if (argc < (each ? 4 : 3)) {
    std::fprintf(stderr, "usage: ban_latency TRIALS [--each] PROGRAM [ARGUMENT]...\n");
    return 64;
  }
  const int trials = std::atoi(argv[1]);
  std::vector<double> times =
      each ? time_each(trials, {argv + 3, argv + argc}) : time_stage(trials, argv + 2);
  if (times.empty()) return 64;
  print_percentiles(std::move(times));
}
