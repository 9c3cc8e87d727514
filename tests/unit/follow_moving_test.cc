// SPDX-License-Identifier: MIT
// Rotated files that move, are compressed or deleted while others are opened.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <functional>

#include "follow_bench.h"

using namespace bench;

namespace {

constexpr auto kLog = "access.log";

// A file that nobody holds is compressed when it is opened, for the first time or a later one, from inside
// open(2), which fails as busy: we have a lease on it, which the kernel asks back by a signal.
class Opening {
 public:
  Opening(const Bench& bench, const std::string& name, int times)
      : plain_(bench.path(name)), packed_(plain_ + ".gz"), made_(bench.path("made")), last_(times) {
    bench.copy(name, "made");
    fs::last_write_time(made_, fs::last_write_time(plain_));
    gzip(bench, "made");
    made_ += ".gz";
    current = this;
    std::signal(SIGIO, [](int) { current->happen(); });
    take_lease();
    REQUIRE(has_lease_);
  }
  ~Opening() {
    ::close(file_);
    std::signal(SIGIO, SIG_DFL);
  }
  Opening(const Opening&) = delete;
  Opening& operator=(const Opening&) = delete;
  int times() const { return times_; }

 private:
  void take_lease() {
    file_ = ::open(plain_.c_str(), O_RDONLY | O_CLOEXEC);
    has_lease_ = ::fcntl(file_, F_SETLEASE, F_WRLCK) == 0;
  }
  // In a signal handler nothing but system calls is safe.
  void happen() {
    const int error = errno;
    ::close(std::exchange(file_, -1));
    if (++times_ < last_) {
      take_lease();
    } else {
      ::rename(made_.c_str(), packed_.c_str());
      ::unlink(plain_.c_str());
    }
    errno = error;
  }

  static inline Opening* current = nullptr;
  std::string plain_, packed_, made_;
  int last_, times_ = 0, file_ = -1;
  bool has_lease_ = false;
};

// A log of which "one" was read, and that was rotated four times since.
struct Rotated : Bench {
  const std::string state = first_run("one\n");
  std::string expected = "one|two|three!|four|five";
  std::function<void()> meanwhile;

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
  void compress_all() const {
    for (const int number : {4, 3, 2, 1}) {
      const std::string name = "access.log." + std::to_string(number);
      write_at(name, 4 - number);
      gzip(*this, name);
    }
  }
  // Meanwhile: all are listed, the log is open, and the file of "two" just now.
  void resume_and_read() {
    int opened = 0;
    Follower later{log, sink()};
    later.on_open = [&](const xlimit::follow::LogFile&) {
      if (++opened == 3) meanwhile();
    };
    resume(later, state);
    read_all(later);
    look(later);
    look(later);
    CHECK(opened >= 4);
    CHECK(given() == expected);
  }
};

}  // namespace

TEST_CASE("what is done to a rotated file while one before it is opened does not hide it") {
  Rotated bench;
  SUBCASE("compressed") {
    bench.meanwhile = [&] { gzip(bench, "access.log.1"); };
  }
  SUBCASE("compressed, and the one that is open deleted") {
    bench.meanwhile = [&] {
      gzip(bench, "access.log.1");
      fs::remove(bench.path("access.log.3"));
    };
  }
  SUBCASE("written to and compressed, with another time") {
    bench.meanwhile = [&] {
      bench.append("access.log.1", "more\n");
      gzip(bench, "access.log.1");
      bench.write_at("access.log.1.gz", 2);
    };
    bench.expected = "one|two|three!|four|more|five";
  }
  SUBCASE("renamed, its name given to one that is being compressed") {
    bench.compress_all();
    bench.meanwhile = [&] {
      for (const int number : {4, 3, 2, 1})
        bench.rename("access.log." + std::to_string(number) + ".gz",
                     "access.log." + std::to_string(number + 1) + ".gz");
      bench.append("access.log.1.gz", "\x1f\x8b");
    };
  }
  bench.resume_and_read();
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a compressed file that is deleted while one before it is opened is a gap") {
  Rotated bench;
  bench.compress_all();
  SUBCASE("an older one") {
    bench.meanwhile = [&] { fs::remove(bench.path("access.log.2.gz")); };
    bench.expected = "one|two|four|five";
  }
  SUBCASE("the newest") {
    bench.meanwhile = [&] { fs::remove(bench.path("access.log.1.gz")); };
    bench.expected = "one|two|three!|five";
  }
  bench.resume_and_read();
  CHECK(bench.gap_list() == "lost 0");
}

TEST_CASE("a file that is deleted while another one is compressed is a gap") {
  Rotated bench;
  std::string other = "access.log.1";
  SUBCASE("that is too short to be this one") { bench.expected = "one|two|four|five"; }
  SUBCASE("that would be this one if it had grown") {
    bench.overwrite(other, "four, and more\n");
    bench.expected = "one|two|four, and more|five";
  }
  SUBCASE("that was opened in time") {
    other = "access.log.3";
    bench.overwrite(other, "two, too\n");
    bench.expected = "one|two, too|four|five";
  }
  bench.meanwhile = [&] {
    fs::remove(bench.path("access.log.2"));
    gzip(bench, other);
  };
  bench.resume_and_read();
  CHECK(bench.gap_list() == "lost 7");
}

TEST_CASE("a file that is deleted is a gap beside a compressed one that cannot be it") {
  Rotated bench;
  SUBCASE("because it was compressed before") {
    bench.overwrite("access.log.3", "two, too\n");
    gzip(bench, "access.log.3");
    bench.meanwhile = [&] { fs::remove(bench.path("access.log.2")); };
    bench.expected = "one|two, too|four|five";
  }
  const auto put_back = [&](const std::string& text, int second) {
    bench.append("backup", text);
    bench.write_at("backup", second);
    gzip(bench, "backup");
    bench.meanwhile = [&] {
      fs::remove(bench.path("access.log.2"));
      bench.rename("backup.gz", "access.log.5.gz");
    };
  };
  SUBCASE("because it is older") {
    put_back("long ago\n", -600);
    bench.write_at("access.log.2", 60);
    bench.write_at("access.log.1", 61);
    bench.expected = "one|two|four|long ago|five";
  }
  SUBCASE("because it is shorter") {
    put_back("short\n", 1);
    bench.expected = "one|two|four|short|five";
  }
  bench.resume_and_read();
  CHECK(bench.gap_list() == "lost 7");
}

TEST_CASE("a file that is compressed while a reader comes back was not cut short") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.rotate("access.log.1", "two\n");
  look(*follower);
  bench.rename("access.log.1", "access.log.2");
  bench.rotate("access.log.1", "three\n");
  Follower later{bench.log, bench.sink()};
  bool packed = false;
  later.on_open = [&](const xlimit::follow::LogFile&) {
    if (!std::exchange(packed, true)) gzip(bench, "access.log.1");
  };
  bench.resume(later, bench.state_of(*follower));
  bench.read_all(later);
  CHECK(packed);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("what is compressed when a log was cut short several times is not missing") {
  for (const bool keeps_time : {false, true}) {
    CAPTURE(keeps_time);
    Bench bench;
    const auto follower = follow(bench, "one\n");
    const auto rotate = [&](const std::string& to, const std::string& next) {
      follower->look();
      bench.copytruncate(to, "");
      follower->look();
      bench.append("access.log", next);
    };
    bench.append("access.log", "two\n");
    rotate("access.log.3", "three\n");
    rotate("access.log.2", "four\n");
    rotate("access.log.1", "five\n");
    int opened = 0;
    follower->on_open = [&](const xlimit::follow::LogFile&) {
      if (++opened != 2) return;
      gzip(bench, "access.log.1");
      if (!keeps_time) make_old(bench, "access.log.1.gz");
    };
    bench.read_all(*follower);
    CHECK(bench.given() == "one|two|three|four|five");
    CHECK(bench.gap_list() == "truncated 0");
  }
}

TEST_CASE("a copy that is compressed while it is opened is found") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  follower->look();
  bench.copytruncate("access.log.1", "three\n");
  const Opening opening{bench, "access.log.1", 1};
  bench.read_all(*follower);
  CHECK(opening.times() == 1);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a copy that is compressed while it is opened is still waited for") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  bench.copy("access.log", "access.log.2");
  bench.overwrite("access.log", "three\n");
  begin_to_gzip(bench, "access.log.2");
  look(*follower);
  CHECK(bench.given() == "one|three");
  fs::remove(bench.path("access.log.2.gz"));
  bench.append("access.log.1", "one\ntwo\n");
  const Opening opening{bench, "access.log.1", 1};
  look(*follower);
  CHECK(opening.times() == 1);
  look(*follower);
  CHECK(bench.given() == "one|three|two");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a log that is compressed while it is looked for was not cut short") {
  for (const int times : {2, 3}) {
    CAPTURE(times);
    Bench bench;
    const std::string state = bench.first_run("one\n");
    bench.append("access.log", "more\n");
    bench.rotate("access.log.1", "two\n");
    const Opening opening{bench, "access.log.1", times};
    bench.run(bench.run(state));
    CHECK(opening.times() == times);
    CHECK(bench.given() == "one|more|two");
    CHECK(bench.gap_list() == "");
  }
}

TEST_CASE("a log that was cut short, renamed and compressed is read once, and its copy before it") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  follower->look();
  bench.copytruncate("access.log.2", "three, and longer\n");
  SUBCASE("and that was seen") { follower->look(); }
  SUBCASE("and that was not seen") {}
  bench.rotate("access.log.1", "four\n");
  for (const std::string name : {"access.log.2", "access.log.1"}) gzip(bench, name);
  look(*follower);
  look(*follower);
  CHECK(bench.given() == "one|two|three, and longer|four");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a compressed file whose name was given to a known one is another") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.rename("access.log", "access.log.2");
  bench.append("access.log.1", "two, and longer\n");
  bench.append("access.log", "three\n");
  bench.same_time({"access.log.2", "access.log.1"});
  for (const std::string name : {"access.log.2", "access.log.1"}) gzip(bench, name);
  const auto file = xlimit::follow::look_at(bench.path("access.log.1.gz"))->file;
  Follower later{bench.log, bench.sink()};
  int asked = 0;
  later.is_taken = [&](const xlimit::follow::Identity& one) {
    if (one.same_inode(file) && ++asked == 1) {
      bench.rename("access.log.1.gz", "access.log.3.gz");
      bench.rename("access.log.2.gz", "access.log.1.gz");
    }
    return false;
  };
  bench.resume(later, state);
  bench.read_all(later);
  look(later);
  CHECK(asked > 0);
  CHECK(bench.given() == "one|two, and longer|three");
  CHECK(bench.gap_list() == "");
}
