// SPDX-License-Identifier: MIT
// Rotated files that move, are compressed or deleted while others are opened.
#include <functional>

#include "follow_bench.h"

using namespace bench;
using namespace std::chrono_literals;

namespace {

constexpr auto kLog = "access.log";

// A log of which "one" was read, and that was rotated three times since.
struct Rotated : Bench {
  std::string state = first_run("one\n");
  Follower later{log, sink()};

  Rotated() {
    rename(kLog, "access.log.4");
    append_younger("access.log.4", "access.log.3", "two\n");
    append_younger("access.log.3", "access.log.2", "three!\n");
    append_younger("access.log.2", "access.log.1", "four\n");
    append(kLog, "five\n");
  }
  // Seconds after now.
  void write_at(const std::string& name, int second) const {
    fs::last_write_time(path(name), fs::file_time_type::clock::now() + std::chrono::seconds{second});
  }
  // Resumes, and does something when the file of "two" was opened, and the others are listed.
  void resume_and(const std::function<void()>& meanwhile) {
    int opened = 0;
    later.on_open = [&](const xlimit::follow::LogFile&) {
      if (++opened == 3) meanwhile();
    };
    resume(later, state);
    read_all(later);
    look(later);
    look(later);
    CHECK(opened >= 3);
  }
};

}  // namespace

TEST_CASE("a compressed file that is deleted while one before it is opened is a gap") {
  Rotated bench;
  int second = 0;
  for (const std::string name : {"access.log.4", "access.log.3", "access.log.2", "access.log.1"}) {
    bench.write_at(name, ++second);
    gzip(bench, name);
  }
  SUBCASE("an older one") {
    bench.resume_and([&] { fs::remove(bench.path("access.log.2.gz")); });
    CHECK(bench.given() == "one|two|four|five");
  }
  SUBCASE("the newest") {
    bench.resume_and([&] { fs::remove(bench.path("access.log.1.gz")); });
    CHECK(bench.given() == "one|two|three!|five");
  }
  CHECK(bench.gap_list() == "lost 0");
}

TEST_CASE("a file that is deleted while another one is compressed is a gap") {
  Rotated bench;
  std::string lines = "one|two|four|five";
  SUBCASE("that is too short to be this one") {
    bench.resume_and([&] {
      fs::remove(bench.path("access.log.2"));
      gzip(bench, "access.log.1");
    });
  }
  SUBCASE("as long as that, but written to at another time") {
    bench.overwrite("access.log.1", "fourth\n");
    bench.write_at("access.log.1", 2);
    lines = "one|two|fourth|five";
    bench.resume_and([&] {
      fs::remove(bench.path("access.log.2"));
      gzip(bench, "access.log.1");
    });
  }
  SUBCASE("that was opened in time") {
    bench.overwrite("access.log.3", "two, too\n");
    lines = "one|two, too|four|five";
    bench.resume_and([&] {
      fs::remove(bench.path("access.log.2"));
      gzip(bench, "access.log.3");
    });
  }
  SUBCASE("that was compressed long ago and is put back") {
    bench.append("backup", "long ago\n");
    bench.write_at("backup", -60);
    gzip(bench, "backup");
    lines = "one|two|four|long ago|five";
    bench.resume_and([&] {
      fs::remove(bench.path("access.log.2"));
      bench.rename("backup.gz", "access.log.6.gz");
    });
  }
  SUBCASE("that was compressed before") {
    bench.overwrite("access.log.3", "two, too\n");
    gzip(bench, "access.log.3");
    lines = "one|two, too|four|five";
    bench.resume_and([&] { fs::remove(bench.path("access.log.2")); });
  }
  CHECK(bench.given() == lines);
  CHECK(bench.gap_list() == "lost 7");
}
