// SPDX-License-Identifier: MIT
// Rotated files that were compressed.
#include <algorithm>

#include "follow_bench.h"

using namespace bench;
using namespace std::chrono_literals;

TEST_CASE("files that were rotated and compressed since are finished first, in order") {
  Bench bench;
  bench.append("access.log.1", "long ago\n");
  gzip(bench, "access.log.1");
  const std::string state = bench.first_run("one\nhal");
  bench.append("access.log", "f\ntwo\n");
  bench.rename("access.log.1.gz", "access.log.4.gz");
  bench.rename("access.log", "access.log.3");
  gzip(bench, "access.log.3");
  bench.append("access.log.2", "three\n");
  gzip(bench, "access.log.2");
  bench.append("access.log.1", "four\n");
  bench.append("access.log", "five\n");
  bench.same_time({"access.log.3.gz", "access.log.2.gz", "access.log.1", "access.log"});
  const std::string later = bench.run(state);
  CHECK(bench.given() == "one|half|two|three|four|five");
  CHECK(bench.gap_list() == "");
  bench.run(later);
  CHECK(bench.lines.size() == 6);
}

TEST_CASE("a killed reader of a compressed file goes on in it") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\nthree\n");
  bench.rotate("access.log.1", "four\n");
  gzip(bench, "access.log.1");
  std::string between;
  {
    const auto follower = by_line(bench);
    bench.resume(*follower, state);
    CHECK(follower->read());
    between = bench.state_of(*follower);
  }
  bench.rename("access.log.1.gz", "access.log.2.gz");
  bench.run(between);
  CHECK(bench.given() == "one|two|three|four");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a file that is compressed before all of it was read goes on compressed after a kill") {
  Bench bench;
  const std::string state = bench.run();
  bench.append("access.log", "one\ntwo\n");
  const auto follower = by_line(bench);
  bench.resume(*follower, state);
  CHECK(follower->read());
  std::string gaps;
  SUBCASE("a renamed one") {
    bench.rotate("access.log.1", "three\n");
    gzip(bench, "access.log.1");
    follower->look_around();
  }
  SUBCASE("a copy") {
    bench.copy("access.log", "access.log.1");
    follower->look_around();
    gzip(bench, "access.log.1");
    follower->look_around();
    bench.overwrite("access.log", "three\n");
    gaps = "truncated 0";
  }
  bench.run(bench.state_of(*follower));
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == gaps);
}

TEST_CASE("a file that was read and is compressed later does not come again") {
  for (const bool given_up : {false, true}) {
    for (const bool keeps_time : {false, true}) {
      CAPTURE(given_up);
      CAPTURE(keeps_time);
      Bench bench;
      const auto follower = follow(bench, "one\n");
      bench.rotate("access.log.1", "two\n");
      look(*follower);
      if (given_up) {
        follower->expire(std::chrono::steady_clock::now() + Follower::kQuiet * 2);
        bench.read_all(*follower);
        CHECK(follower->open() == 1);
      }
      gzip(bench, "access.log.1");
      if (!keeps_time) make_old(bench, "access.log.1.gz");
      look(*follower);
      bench.run(bench.state_of(*follower));
      CHECK(bench.given() == "one|two");
      CHECK(bench.gap_list() == "");
    }
  }
}

// logrotate gives it the time that the log had when logrotate began; the log was written to after that.
TEST_CASE("a copy that was compressed before the log was seen cut short is read, whatever its time says") {
  for (const bool restarted : {false, true}) {
    for (const std::string unread : {"", "two\n"}) {
      for (const bool keeps_time : {false, true}) {
        CAPTURE(restarted);
        CAPTURE(keeps_time);
        CAPTURE(unread);
        Bench bench;
        const auto follower = follow(bench, "one\n");
        const std::string state = bench.state_of(*follower);
        bench.append("access.log", unread);
        bench.copytruncate("access.log.1", "three\n");
        gzip(bench, "access.log.1");
        if (!keeps_time) make_old(bench, "access.log.1.gz");
        restarted ? static_cast<void>(bench.run(state)) : look(*follower);
        CHECK(bench.given() == (unread.empty() ? "one|three" : "one|two|three"));
        CHECK(bench.gap_list() == "truncated 0");
      }
    }
  }
}

TEST_CASE("what is just being compressed is read as it stands beside") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\n");
  bench.rotate("access.log.1", "three\n");
  bench.append("access.log.1.gz", "\x1f\x8b");
  bench.run(state);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("what was compressed goes on where it was, as logrotate leaves it") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\n");
  bench.rename("access.log", "access.log.2");
  gzip(bench, "access.log.2");
  SUBCASE("with the time of its last write to the second") {
    const auto written = fs::last_write_time(bench.path("access.log.2.gz"));
    fs::last_write_time(bench.path("access.log.2.gz"), std::chrono::floor<std::chrono::seconds>(written));
  }
  SUBCASE("beside another one that was never compressed") { bench.append("access.log.2", "before\n"); }
  bench.append("access.log", "three\n");
  bench.run(state);
  CHECK(bench.lines.size() == (fs::exists(bench.path("access.log.2")) ? 4 : 3));
  CHECK(std::count(bench.lines.begin(), bench.lines.end(), "one") == 1);
  CHECK(std::count(bench.lines.begin(), bench.lines.end(), "two") == 1);
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a compressed file as long as a known one, last written to at the same time, is another") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.rename("access.log", "access.log.2");
  bench.append("access.log.1", "two\n");
  bench.append("access.log", "three\n");
  bench.same_time({"access.log.2", "access.log.1"});
  gzip(bench, "access.log.2");
  gzip(bench, "access.log.1");
  bench.run(state);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a log that was empty, written to and compressed is no gap while an older one is there") {
  Bench bench;
  bench.append("access.log.1", "long ago\n");
  const std::string state = bench.first_run("");
  bench.append("access.log", "one\n");
  bench.rename("access.log.1", "access.log.2");
  bench.rotate("access.log.1", "two\n");
  gzip(bench, "access.log.1");
  std::string gaps;
  SUBCASE("as it was") {}
  SUBCASE("compressed") { gzip(bench, "access.log.2"); }
  SUBCASE("or not") {
    fs::remove(bench.path("access.log.2"));
    gaps = "lost 0";
  }
  bench.run(bench.run(state));
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == gaps);
}

TEST_CASE(
    "a log that was empty, written to and compressed is no gap while an older one is being compressed") {
  Bench bench;
  const auto follower = follow(bench, "one\nha");
  bench.rotate("access.log.2", "");
  look(*follower);
  bench.append("access.log", "two\n");
  bench.rotate("access.log.1", "three\n");
  const std::string whole = begin_to_gzip(bench, "access.log.2");
  gzip(bench, "access.log.1");
  std::string state = bench.state_of(*follower);
  state = bench.run(state);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("what cannot be unpacked is told as lost, once, and not how much it was") {
  Bench bench;
  std::string state = bench.first_run("one\n");
  bench.append("access.log.2.xz", "something");
  bench.append("access.log.1.gz", "\x1f\x8b");
  make_old(bench, "access.log.2.xz");
  make_old(bench, "access.log.1.gz");
  state = bench.run(state);
  bench.run(state);
  CHECK(bench.given() == "one");
  CHECK(bench.gap_list() == "lost 0 lost 0");
  CHECK(bench.warnings.size() == 2);
}

TEST_CASE("one of a kind that cannot be unpacked is told at once") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\n");
  bench.rename("access.log", "access.log.1");
  pack("xz", bench, "access.log.1");
  bench.append("access.log", "three\n");
  bench.run(bench.run(state));
  CHECK(bench.given() == "one|three");
  CHECK(bench.gap_list() == "lost 0 lost 0");
  CHECK(bench.warnings ==
        Lines{"unpack '" + bench.path("access.log.1.xz") + "': not in gzip's format, skipped"});
}

TEST_CASE("one whose checksum is wrong is told to be broken") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log.1", "two\n");
  std::string whole = begin_to_gzip(bench, "access.log.1");
  whole[whole.size() - 8] ^= 1;
  bench.overwrite("access.log.1.gz", whole);
  make_old(bench, "access.log.1.gz");
  bench.run(state);
  CHECK(bench.given() == "one");
  CHECK(bench.gap_list() == "lost 0");
  CHECK(bench.warnings ==
        Lines{"unpack '" + bench.path("access.log.1.gz") + "': broken (incorrect data check), skipped"});
}

TEST_CASE("one that was read to its end before it was compressed so is no gap") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.rename("access.log", "access.log.1");
  pack("xz", bench, "access.log.1");
  bench.append("access.log", "two\n");
  bench.run(bench.run(state));
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "");
  CHECK(bench.warnings.empty());
}

TEST_CASE("a file whose end is missing while it is compressed goes on where it was when that has come") {
  for (const bool copied : {false, true}) {
    for (const bool comes : {false, true}) {
      CAPTURE(copied);
      CAPTURE(comes);
      Bench bench;
      bench.append("access.log", "one\nha");
      std::string state = bench.run();
      bench.append("access.log", "lf\ntwo\n");
      copied ? bench.copy("access.log", "access.log.1") : bench.rename("access.log", "access.log.1");
      bench.overwrite("access.log", "three\n");
      const std::string whole = begin_to_gzip(bench, "access.log.1");
      for (int kills = 0; kills < 2; ++kills) state = bench.run(state);
      CHECK(bench.given() == "one|three");
      CHECK(bench.gap_list() == (copied ? "truncated 0" : ""));
      bench.gaps.clear();
      comes ? bench.append("access.log.1.gz", whole) : make_old(bench, "access.log.1.gz");
      bench.run(bench.run(state));
      CHECK(bench.given() == (comes ? "one|three|half|two" : "one|three"));
      // What it had beyond that is not known.
      CHECK(bench.gap_list().substr(0, 6) == (comes ? "" : "lost 2"));
    }
  }
}

TEST_CASE("a copy whose end is missing when the log is cut short goes on where the log was") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  follower->look();
  bench.copy("access.log", "access.log.1");
  bench.overwrite("access.log", "three\n");
  const std::string whole = begin_to_gzip(bench, "access.log.1");
  bench.read_all(*follower);
  follower->look_around();
  bench.read_all(*follower);
  CHECK(bench.given() == "one|three");
  std::string expected = "one|three", gaps = "truncated 0 lost 4 lost 0";
  SUBCASE("when that has come") {
    bench.append("access.log.1.gz", whole);
    expected += "|two";
    gaps = "truncated 0";
  }
  SUBCASE("or is told as lost when that never comes") { make_old(bench, "access.log.1.gz"); }
  look(*follower);
  CHECK(bench.given() == expected);
  CHECK(bench.gap_list() == gaps);
}

TEST_CASE("what could not be unpacked is tried again when it has changed, and not before") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  bench.copy("access.log", "access.log.1");
  bench.overwrite("access.log", "three\n");
  const std::string whole = begin_to_gzip(bench, "access.log.1");
  bench.append("access.log.1.gz", std::string(whole.size(), '?'));
  const auto written = fs::last_write_time(bench.path("access.log.1.gz"));
  look(*follower);
  bench.overwrite("access.log.1.gz", whole);
  fs::last_write_time(bench.path("access.log.1.gz"), written);
  look(*follower);
  CHECK(bench.given() == "one|three");
  fs::last_write_time(bench.path("access.log.1.gz"), written + 1ms);
  look(*follower);
  CHECK(bench.given() == "one|three|two");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("what is cut off while another file is being compressed is told at once") {
  Bench bench;
  const auto follower = follow(bench, "one\nha");
  bench.append("access.log.2", "another\n");
  const std::string whole = begin_to_gzip(bench, "access.log.2");
  bench.append("access.log.2.gz", whole.substr(0, whole.size() - 1));
  bench.overwrite("access.log", "");
  bench.read_all(*follower);
  CHECK(bench.gap_list() == "truncated 2");
}

TEST_CASE("compressed files whose end is missing are warned of once each while they may still be written") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log.2.gz", "\x1f\x8b");
  bench.append("access.log.1.gz", "\x1f\x8b");
  Follower follower{bench.log, bench.sink()};
  bench.resume(follower, state);
  follower.look_up();
  follower.look_up();
  REQUIRE(bench.warnings.size() == 2);
  CHECK(bench.warnings[0].ends_with("its end is missing, skipped for now"));
  CHECK(bench.gap_list() == "");
  make_old(bench, "access.log.2.gz");
  make_old(bench, "access.log.1.gz");
  follower.look_up();
  follower.look_up();
  CHECK(bench.warnings.size() == 4);
  CHECK(bench.gap_list() == "lost 0 lost 0");
}

TEST_CASE(
    "a compressed log that lacks its end and is asked for by name is refused for that, by a link, too") {
  Bench bench;
  bench.append("cut", "one\n");
  gzip(bench, "cut");
  fs::resize_file(bench.path("cut.gz"), fs::file_size(bench.path("cut.gz")) - 1);
  fs::create_symlink("cut.gz", bench.path("link.gz"));
  for (const std::string name : {"cut.gz", "link.gz"}) {
    Follower follower{bench.path(name), bench.sink()};
    const auto begun = follower.begin(From::start);
    REQUIRE(!begun);
    CHECK(begun.error().code == xlimit::base::Exit::kData);
    CHECK(begun.error().text == "unpack '" + bench.path(name) + "': its end is missing");
  }
}

TEST_CASE("what is wrong with a compressed log is said, and zeros behind its end are not") {
  Bench bench;
  bench.append("access.log", "one\n");
  gzip(bench, "access.log");
  Follower follower{bench.log + ".gz", bench.sink()};
  const auto trouble_of = [&] {
    const auto begun = follower.begin(From::start);
    return begun ? std::string{} : begun.error().text;
  };
  SUBCASE("zeros") {
    bench.append("access.log.gz", std::string(1000, '\0'));
    CHECK(trouble_of().empty());
    bench.read_all(follower);
    CHECK(bench.given() == "one");
  }
  SUBCASE("other data") {
    bench.append("access.log.gz", "x");
    CHECK(trouble_of() == "unpack '" + bench.log + ".gz': broken (other data follow its end)");
  }
  SUBCASE("no gzip") {
    bench.overwrite("access.log.gz", "two\n");
    CHECK(trouble_of() == "unpack '" + bench.log + ".gz': not in gzip's format");
  }
}
