// SPDX-License-Identifier: MIT
// How soon a stage runs.
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include "stage/slice.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

// What sched_getattr(2) calls the runtime: of SCHED_OTHER the slice.
std::uint64_t slice_of_thread() {
  constexpr std::size_t kRuntime = 24;  // its place
  std::array<char, 48> attributes{};
  REQUIRE(::syscall(SYS_sched_getattr, 0, attributes.data(), attributes.size(), 0) == 0);
  std::uint64_t slice = 0;
  std::memcpy(&slice, attributes.data() + kRuntime, sizeof slice);
  return slice;
}

bool kernel_hears() {
  utsname name{};
  std::pair version{0, 0};
  REQUIRE(::uname(&name) == 0);
  REQUIRE(std::sscanf(name.release, "%d.%d", &version.first, &version.second) == 2);
  return version >= std::pair{6, 12};
}

// In a thread of its own, so that the test stays as it was.
template <typename Body>
void aside(Body body) {
  std::thread{body}.join();
}

}  // namespace

TEST_CASE("a stage asks for a shorter slice") {
  std::uint64_t before = 0, after = 0;
  aside([&] {
    before = slice_of_thread();
    stage::ask_for_slice(stage::kJudgeSlice);
    after = slice_of_thread();
  });
  CHECK(after == (kernel_hears() ? 300'000 : before));
}

TEST_CASE("each stage asks for less than the one that writes to it, and none for less than there is") {
  CHECK(stage::kReaderSlice > stage::kJudgeSlice);
  CHECK(stage::kJudgeSlice > stage::kBanSlice);
  CHECK(stage::kBanSlice > stage::kKillSlice);
  CHECK(stage::kKillSlice >= 100us);
}

TEST_CASE("niceness and policy stay as somebody chose them") {
  int nice = 0, policy = 0;
  aside([&] {
    ::setpriority(PRIO_PROCESS, 0, 7);  // on Linux the thread's
    stage::ask_for_slice(stage::kKillSlice);
    nice = ::getpriority(PRIO_PROCESS, 0);
  });
  CHECK(nice == 7);
  std::uint64_t before = 0, after = 0;
  aside([&] {
    const sched_param none{};
    REQUIRE(::sched_setscheduler(0, SCHED_BATCH, &none) == 0);
    before = slice_of_thread();
    stage::ask_for_slice(stage::kKillSlice);
    after = slice_of_thread();
    policy = ::sched_getscheduler(0);
  });
  CHECK(policy == SCHED_BATCH);
  CHECK(before == after);
}
