// SPDX-License-Identifier: MIT
// Rotated files while the system refuses something.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>
#include <thread>

#include "follow_bench.h"

using namespace bench;
using namespace std::chrono_literals;

namespace {

constexpr unsigned kUnnamed = O_TMPFILE & ~O_DIRECTORY;

// Fails opening files with one of these flags in this thread, for good.
bool refuse_to_open(unsigned flags) {
  std::array<sock_filter, 6> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flags, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{program.size(), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

void while_refused(unsigned flags, const std::function<void()>& act) {
  bool refused = false;
  std::thread{[&] {
    refused = refuse_to_open(flags);
    if (refused) act();
  }}.join();
  REQUIRE(refused);
}

// Nothing can be written to a file.
class NoRoom {
 public:
  NoRoom() {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    set(0);
  }
  ~NoRoom() { set(before_.rlim_cur); }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

 private:
  void set(rlim_t most) const {
    const rlimit limit{most, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  rlimit before_{};
};

// A log of which "one" was read, and that was rotated and compressed twice since.
struct Packed : Bench {
  std::string state;

  Packed() {
    append("access.log", "one\n");
    make_old(*this, "access.log");
    state = run();
    rename("access.log", "access.log.2");
    append("access.log.2", "two\n");
    gzip(*this, "access.log.2");
    append("access.log.1", "three\n");
    gzip(*this, "access.log.1");
    append("access.log", "four\n");
  }
};

// So long after now that what was refused is tried again.
void look_again(Follower& follower, int tries = 1) {
  follower.expire(std::chrono::steady_clock::now() + Unpacker::kRetry * tries);
  look(follower);
}

}  // namespace

TEST_CASE("compressed files are read where files without a name cannot be made") {
  Packed bench;
  while_refused(kUnnamed, [&] { bench.run(bench.state); });
  CHECK(bench.given() == "one|two|three|four");
  CHECK(bench.gap_list() == "");
  CHECK(bench.warnings.empty());
}

TEST_CASE("compressed files that cannot be unpacked here are warned of, and not gone") {
  Packed bench;
  while_refused(kUnnamed | O_CREAT, [&] {
    for (int runs = 0; runs < 2; ++runs) bench.state = bench.run(bench.state);
  });
  CHECK(bench.given() == "one|four");
  CHECK(bench.gap_list() == "");
  REQUIRE(bench.warnings.size() == 2);
  for (const std::string& warning : bench.warnings) {
    CAPTURE(warning);
    CHECK(warning.find("unpack '" + bench.path("access.log.2.gz") + "' in '/") == 0);
    CHECK(warning.ends_with(": Operation not supported, skipped for now"));
  }
  for (int runs = 0; runs < 2; ++runs) bench.state = bench.run(bench.state);
  CHECK(bench.given() == "one|four|two|three");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("what there is no room for is read when there is, and what was rotated later behind it") {
  Packed bench;
  for (const std::string name : {"access.log.2.gz", "access.log.1.gz"}) make_old(bench, name);
  SUBCASE("both compressed") {}
  SUBCASE("the older one") {
    pack("gunzip", bench, "access.log.1.gz");
    bench.append_younger("access.log.1", "access.log", "four\n");
  }
  Follower follower{bench.log, bench.sink()};
  {
    const NoRoom none;
    bench.resume(follower, bench.state);
    for (int looks = 0; looks < 3; ++looks) {
      look(follower);
      follower.expire(std::chrono::steady_clock::now() + Unpacker::kRetry * looks);
    }
    CHECK(bench.given() == "one|four");
    CHECK(bench.warnings ==
          Lines{"unpack '" + bench.path("access.log.2.gz") + "': File too large, skipped for now"});
    look(follower);
  }
  look(follower);
  CHECK(bench.given() == "one|four");
  look_again(follower, 3);
  CHECK(bench.given() == "one|four|two|three");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("the system refused it when there is no room for a compressed log that is asked for by name") {
  Bench bench;
  bench.append("access.log", "one\n");
  gzip(bench, "access.log");
  Follower follower{bench.log + ".gz", bench.sink()};
  const NoRoom none;
  const auto begun = follower.begin(From::start);
  REQUIRE(!begun);
  CHECK(begun.error().code == xlimit::base::Exit::kSystem);
  CHECK(begun.error().text == "unpack '" + bench.log + ".gz': File too large");
}

TEST_CASE("a later copy does not wait for one that there is no room for") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  bench.copytruncate("access.log.2", "three, and longer\n");
  gzip(bench, "access.log.2");
  bench.copytruncate("access.log.1", "four\n");
  {
    const NoRoom none;
    bench.read_all(*follower);
    CHECK(bench.given() == "one|three, and longer|four");
  }
  look_again(*follower);
  CHECK(bench.given() == "one|three, and longer|four|two");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a copy that there is no room for goes on where its log was when there is") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  bench.copytruncate("access.log.1", "three\n");
  gzip(bench, "access.log.1");
  {
    const NoRoom none;
    bench.read_all(*follower);
    look(*follower);
  }
  CHECK(bench.given() == "one|three");
  SUBCASE("after a while") { look_again(*follower); }
  SUBCASE("in a later run") { bench.run(bench.state_of(*follower)); }
  CHECK(bench.given() == "one|three|two");
  CHECK(bench.gap_list() == "truncated 0");
}
