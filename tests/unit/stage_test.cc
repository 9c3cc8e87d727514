// SPDX-License-Identifier: MIT
// How soon a stage runs.
#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <thread>
#include <utility>

#include "stage/slice.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

struct Attributes {
  std::uint32_t size = sizeof(Attributes), policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0, deadline = 0, period = 0;
};

// Of the calling thread, as sched_getattr(2) tells them; the runtime of SCHED_OTHER is its slice.
Attributes attributes() {
  Attributes all;
  ::syscall(SYS_sched_getattr, 0, &all, sizeof all, 0);
  return all;
}

// What becomes of a thread that asks after `prepare`, so that the test stays as it was.
std::pair<Attributes, Attributes> ask(const std::function<void()>& prepare) {
  std::pair<Attributes, Attributes> before_and_after;
  std::thread{[&] {
    prepare();
    before_and_after.first = attributes();
    stage::ask_for_slice(stage::kJudgeSlice);
    before_and_after.second = attributes();
  }}.join();
  return before_and_after;
}

bool kernel_hears() {
  utsname name{};
  std::pair version{0, 0};
  REQUIRE(::uname(&name) == 0);
  REQUIRE(std::sscanf(name.release, "%d.%d", &version.first, &version.second) == 2);
  return version >= std::pair{6, 12};
}

}  // namespace

TEST_CASE("a stage asks for a shorter slice, and nothing else of it changes") {
  const auto [before, after] = ask([] { ::setpriority(PRIO_PROCESS, 0, 7); });  // on Linux the thread's
  CHECK(after.nice == before.nice);
  CHECK(after.policy == before.policy);
  CHECK(after.flags == before.flags);
  const bool heard = kernel_hears() && before.policy == SCHED_OTHER;
  CHECK(after.runtime == (heard ? 300'000 : before.runtime));
}

TEST_CASE("another policy was somebody's choice") {
  const sched_param none{};
  const auto [before, after] = ask([&] { ::sched_setscheduler(0, SCHED_BATCH, &none); });
  CHECK(before.policy != SCHED_OTHER);
  CHECK(after.policy == before.policy);
  CHECK(after.runtime == before.runtime);
}

TEST_CASE("each stage asks for less than the one that writes to it, and none for less than there is") {
  CHECK(stage::kReaderSlice > stage::kJudgeSlice);
  CHECK(stage::kJudgeSlice > stage::kBanSlice);
  CHECK(stage::kBanSlice > stage::kKillSlice);
  CHECK(stage::kKillSlice >= 100us);
}
