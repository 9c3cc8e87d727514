// SPDX-License-Identifier: MIT
// judge_size [USERS]: what a decision costs in time and a user in memory, when USERS (1000000) hold two
// places each, beside what one random read of as much memory costs here.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "event/decode.h"
#include "event/encode.h"
#include "session/detector.h"

namespace {

using namespace xlimit;
using Clock = std::chrono::steady_clock;

constexpr unsigned kTrials = 1000000;

// Resident memory of this process, in bytes.
std::size_t resident() {
  std::ifstream status{"/proc/self/statm"};
  std::size_t total = 0, pages = 0;
  status >> total >> pages;
  return pages * 4096;
}

unsigned next_random(unsigned& state) { return (state = state * 1664525U + 1013904223U) >> 3; }

void print(const char* what, std::vector<std::uint32_t>& nanoseconds) {
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const auto at = [&](double part) { return nanoseconds[static_cast<std::size_t>(part * (kTrials - 1))]; };
  std::printf("%-44s %8u %8u %8u\n", what, at(0.5), at(0.9), at(0.99));
}

template <class Body>
std::vector<std::uint32_t> measure(Body body) {
  std::vector<std::uint32_t> nanoseconds(kTrials);
  for (std::uint32_t& each : nanoseconds) {
    const Clock::time_point begin = Clock::now();
    body();
    each = static_cast<std::uint32_t>((Clock::now() - begin).count());
  }
  return nanoseconds;
}

// A chain through as much memory as the table takes: each step waits for the one before, as look-ups do.
void measure_memory(std::size_t bytes) {
  std::vector<std::uint32_t, base::HugeAllocator<std::uint32_t>> chain(bytes / 4);
  unsigned state = 1;
  for (std::uint32_t& link : chain) link = next_random(state);
  std::uint32_t at = 0;
  const auto read = [&] { at = chain[(at ^ next_random(state)) % chain.size()]; };
  std::vector<std::uint32_t> one = measure(read);
  std::vector<std::uint32_t> two = measure([&] { read(), read(); });
  if (at == 1) std::printf(" ");  // the reads must not be optimised away
  print("one random read of as much memory, ns", one);
  print("two, the second by what the first found, ns", two);
}

std::string name_of(unsigned user) { return "user-" + std::to_string(10000000 + user); }

struct Lines {
  Lines() { access.at = base::Time{std::chrono::hours{24 * 365 * 50}}; }
  event::Access& next(unsigned user, unsigned place) {
    name = name_of(user);
    access.user = name;
    access.ip = ip::Address::v4(0x0b000000U + 2 * user + place);
    access.port = static_cast<std::uint16_t>(1024 + user % 60000);
    access.at += std::chrono::microseconds{1};
    return access;
  }
  std::string name;
  event::Access access;
};

session::Limits limits_of(unsigned users) {
  std::string text;
  for (unsigned user = 0; user < users; ++user) text += name_of(user) + " 2\n";
  return *session::Limits::parse(text);
}

// Lines of users in random order, decoded between one look ahead and the decision, as session-detect does.
// Alone: no line is known before the one in front of it was judged.
std::vector<std::uint32_t> measure_decisions(session::Detector& detector, Lines& lines, unsigned users,
                                             bool alone) {
  unsigned state = 7;
  std::vector<std::uint32_t> decisions(kTrials);
  event::Decoder decoder;
  std::string text, next;
  const auto make = [&] {
    event::Line line;
    next = event::encode(lines.next(next_random(state) % users, next_random(state) & 1), line);
    next.pop_back();
    next.reserve(next.size() + event::kPadding);
  };
  make();
  for (std::uint32_t& each : decisions) {
    std::swap(text, next);
    make();
    const Clock::time_point begin = Clock::now();
    detector.expect(event::guess_user(alone ? text : next));
    const Clock::time_point expected = Clock::now();
    const event::Event event = decoder.decode(text);
    const Clock::time_point decoded = Clock::now();
    detector.feed(std::get<event::Access>(event));
    each = static_cast<std::uint32_t>((Clock::now() - decoded + (expected - begin)).count());
  }
  return decisions;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned users = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 1000000;
  session::Policy policy;
  policy.limit = 2;
  policy.window = std::chrono::hours{1};
  policy.max_users = users;
  Lines lines;
  session::Limits limits;
  const std::size_t before = resident();
  session::Detector detector{policy, {}, [&](std::string_view user) { return limits.of(user); }};
  for (unsigned place = 0; place < 2; ++place) {
    for (unsigned user = 0; user < users; ++user) detector.feed(lines.next(user, place));
  }
  const std::size_t bytes = resident() - before;
  std::vector<std::uint32_t> decisions = measure_decisions(detector, lines, users, true);
  std::vector<std::uint32_t> batch = measure_decisions(detector, lines, users, false);
  std::printf("%-44s %8s %8s %8s\n", "", "p50", "p90", "p99");
  measure_memory(bytes);
  print("one decision on a line that came alone, ns", decisions);
  print("one decision, the next line being known, ns", batch);
  limits = limits_of(users);
  detector.forget_limits();
  for (unsigned user = 0; user < users; ++user) detector.feed(lines.next(user, 0));
  batch = measure_decisions(detector, lines, users, false);
  print("the same, each user with a limit, ns", batch);
  std::printf("%-44s %8.1f MB, %zu bytes a user\n", "users at two places each",
              static_cast<double>(bytes) / 1e6, bytes / users);
}
