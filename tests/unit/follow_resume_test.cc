// SPDX-License-Identifier: MIT
// Going on after a restart: files are found again, whatever was done to them meanwhile.
#include "follow_bench.h"

using namespace bench;

TEST_CASE("reading goes on where it stopped, and a half line comes whole") {
  Bench bench;
  const std::string state = bench.first_run("one\ntwo\nthr");
  bench.append("access.log", "ee\nfour\n");
  bench.run(state);
  CHECK(bench.given() == "one|two|three|four");
}

TEST_CASE("files rotated since are finished first, in order, also when their times say nothing") {
  Bench bench;
  bench.append("access.log.1", "long ago\n");
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\n");
  bench.rename("access.log.1", "access.log.4");
  bench.rename("access.log", "access.log.3");
  bench.append("access.log.2", "three\n");
  bench.append("access.log.1", "four\n");
  bench.append("access.log", "five\n");
  bench.same_time({"access.log.4", "access.log.3", "access.log.2", "access.log.1", "access.log"});
  bench.run(state);
  CHECK(bench.given() == "one|two|three|four|five");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a file that was there before us stays unread, also when it is touched") {
  Bench bench;
  bench.append("access.log.1", "long ago\n");
  const std::string state = bench.first_run("one\n");
  bench.same_time({"access.log.1"});
  bench.run(state);
  CHECK(bench.given() == "one");
}

TEST_CASE("a renamed file that was read and is written to later gives what is new") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.rotate("access.log.1", "two\n");
  follower->look_up();
  bench.read_all(*follower);
  follower->expire(std::chrono::steady_clock::now() + Follower::kQuiet * 2);
  bench.read_all(*follower);
  CHECK(bench.given() == "one|two");
  const std::string state = bench.state_of(*follower);
  bench.append("access.log.1", "late\n");
  bench.run(state);
  CHECK(bench.given() == "one|two|late");
}

TEST_CASE("a rotated file that is gone is a gap, and a new one under its inode is not mistaken for it") {
  Bench bench;
  const std::string state = bench.first_run("one\nhalf");
  fs::remove(bench.log);
  bench.append("access.log", "another, longer beginning\n");
  bench.run(state);
  CHECK(bench.given() == "one|another, longer beginning");
  CHECK(bench.gap_list() == "lost 4");
}

TEST_CASE("of two generations that were renamed while no new log is there nothing is missing") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  const std::string state = bench.state_of(*follower);
  bench.rename("access.log", "access.log.2");
  bench.append_younger("access.log.2", "access.log.1", "two\n");
  SUBCASE("at once") { look(*follower); }
  SUBCASE("by the next run") { bench.run(state); }
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a log cut short while nobody read is finished from its copy") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\n");
  bench.copytruncate("access.log.1", "three, longer than before\n");
  bench.run(state);
  CHECK(bench.given() == "one|two|three, longer than before");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a log cut short twice while nobody read is finished from both copies") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\n");
  bench.copytruncate("access.log.2", "three\n");
  bench.copytruncate("access.log.1", "four\n");
  bench.run(state);
  CHECK(bench.given() == "one|two|three|four");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a truncation is seen behind the same beginning, also when more was written than before") {
  Bench bench;
  const std::string head = std::string(600, 'h') + "\n";
  const std::string state = bench.first_run(head + "one\ntwo\n");
  bench.overwrite("access.log", head + "new\nnew\nnewer\n");
  bench.run(state);
  const std::string h = head.substr(0, 600);
  CHECK(bench.lines == Lines{h, "one", "two", h, "new", "new", "newer"});
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE(
    "a log that is cut short and has lines held back: what is missing is told once, also after a kill") {
  Bench bench;
  bench.append("access.log", "one\ntwo\nthree\n");
  const auto follower = by_line(bench);
  REQUIRE(follower->begin(From::start).has_value());
  CHECK(follower->read());
  bench.append("access.log", "four\n");
  follower->look();
  bench.overwrite("access.log", "5\n");
  follower->look();
  SUBCASE("killed now") {}
  SUBCASE("killed when more lines were given") {
    CHECK(follower->read());
    CHECK(follower->read());
  }
  bench.run(bench.state_of(*follower));
  CHECK(bench.gap_list() == std::string{bench.lines.size() == 2 ? "truncated 15" : "truncated 5"});
  CHECK(bench.lines.back() == "5");
}

TEST_CASE("a generation that begins as another and is as long is another") {
  Bench bench;
  const std::string head(600, 'h');
  const std::string state = bench.first_run(head + "\none\n");
  bench.rename("access.log", "access.log.2");
  bench.append("access.log.1", head + "\ntwo\n");
  bench.append("access.log", head + "\nsix\n");
  bench.run(state);
  CHECK(bench.lines == Lines{head, "one", head, "two", head, "six"});
}

TEST_CASE("a copy of a log that goes on is not read again") {
  Bench bench;
  const std::string state = bench.first_run("one\ntwo\n");
  bench.append("access.log", "three\n");
  bench.copy("access.log", "access.log.1");
  bench.append("access.log", "four\n");
  bench.run(state);
  CHECK(bench.given() == "one|two|three|four");
}

TEST_CASE("a folder that was copied elsewhere goes on, and nothing of the old comes again") {
  Bench bench;
  bench.append("access.log.1", "long ago\n");
  std::string state = bench.first_run("one\n");
  for (const std::string name : {"access.log.1", "access.log"}) {
    const auto written = fs::last_write_time(bench.path(name));
    bench.copy(name, name + ".copy");
    bench.rename(name + ".copy", name);
    fs::last_write_time(bench.path(name), written);
  }
  bench.append("access.log", "two\n");
  bench.run(state);
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a log that became a symbolic link goes on, and so does its rotation in the other folder") {
  Bench bench;
  const std::string state = bench.first_run("one\n");
  bench.append("access.log", "two\n");
  fs::create_directories(bench.path("elsewhere"));
  bench.rename("access.log", "elsewhere/access.log.2");
  bench.append("elsewhere/access.log.1", "three\n");
  bench.append("elsewhere/access.log", "four\n");
  fs::create_symlink(bench.path("elsewhere/access.log"), bench.log);
  bench.run(state);
  CHECK(bench.given() == "one|two|three|four");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a symbolic link that was turned: what it led to is finished first") {
  Bench bench;
  fs::create_directories(bench.path("elsewhere"));
  bench.append("elsewhere/first.log", "one\n");
  fs::create_symlink(bench.path("elsewhere/first.log"), bench.log);
  const std::string state = bench.run();
  bench.append("elsewhere/first.log", "two\n");
  bench.append("second.log", "three\n");
  fs::remove(bench.log);
  fs::create_symlink(bench.path("second.log"), bench.log);
  bench.run(state);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a log that was not there is read from its start, with what was rotated from it") {
  Bench bench;
  const std::string state = bench.run();
  bench.append("access.log.1", "one\n");
  bench.append("access.log", "two\n");
  bench.run(state);
  CHECK(bench.given() == "one|two");
}

TEST_CASE("what the taker of the lines wants to remember comes back") {
  Bench bench;
  bench.append("access.log", "one\n");
  Follower::Sink sink = bench.sink();
  sink.note = [] { return std::string{"truncated=12"}; };
  Follower follower{bench.log, std::move(sink)};
  REQUIRE(follower.begin(From::start).has_value());
  std::string recalled;
  Follower::Sink later = bench.sink();
  later.recall = [&](const std::string& note) { recalled = note; };
  Follower next{bench.log, std::move(later)};
  bench.resume(next, bench.state_of(follower));
  CHECK(recalled == "truncated=12");
}

TEST_CASE("a file of s6-log's is read once, also while it is called previous") {
  Bench bench;
  bench.log = bench.path("current");
  bench.append("current", "one\n");
  std::string state = bench.run();
  bench.append("current", "two\n");
  bench.rename("current", "previous");
  bench.append("current", "three\n");
  state = bench.run(state);
  CHECK(bench.given() == "one|two|three");
  bench.rename("previous", "@400000006b0a9f122a497749.s");
  bench.run(state);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list().empty());
}
