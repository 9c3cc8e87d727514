// SPDX-License-Identifier: MIT
// Rotated files while the system refuses something.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <thread>

#include "follow_bench.h"

using namespace bench;

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

// A log of which "one" was read, and that was rotated and compressed twice since.
struct Packed : Bench {
  std::string state = first_run("one\n");

  Packed() {
    rename("access.log", "access.log.2");
    append("access.log.2", "two\n");
    gzip(*this, "access.log.2");
    append("access.log.1", "three\n");
    gzip(*this, "access.log.1");
    append("access.log", "four\n");
  }
};

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
  std::string state;
  while_refused(kUnnamed | O_CREAT, [&] {
    Follower follower{bench.log, bench.sink()};
    bench.resume(follower, bench.state);
    look(follower);
    look(follower);
    state = bench.state_of(follower);
  });
  CHECK(bench.given() == "one|four");
  CHECK(bench.gap_list() == "lost 0");  // it had been read as far as it was seen
  REQUIRE(bench.warnings.size() == 2);
  for (const std::string& warning : bench.warnings) {
    CAPTURE(warning);
    CHECK(warning.find("unpack '" + bench.path("access.log.")) == 0);
    CHECK(warning.find("' in '/") != std::string::npos);
    CHECK(warning.ends_with(": Operation not supported, skipped for now"));
  }
}
