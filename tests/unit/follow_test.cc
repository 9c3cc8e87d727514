// SPDX-License-Identifier: MIT
// The text of a state, the order of rotated files, and what a log does while it is followed.
#include "follow_bench.h"

using namespace bench;
using xlimit::follow::Done;
using xlimit::follow::LogState;
using xlimit::follow::Place;
using xlimit::follow::Sibling;
using xlimit::follow::State;

namespace {

Sibling sibling(const std::string& path, std::int64_t birth, std::int64_t written, bool compressed = false) {
  Sibling one{path, {}, compressed};
  one.facts.file.birth = birth;
  one.facts.written = written;
  return one;
}

Lines sorted(std::vector<Sibling> siblings) {
  xlimit::follow::sort_by_age(siblings);
  Lines names;
  for (const Sibling& one : siblings) names.push_back(one.path);
  return names;
}

}  // namespace

TEST_CASE("a state's text says what was put in") {
  const Place place{{65024, 11, 7, 3, 0xfeed}, 100,  120, {110, 12, 0xbeef}, 99,
                    "/var/log/new\nline\\n x", false};
  Place leaving = place;
  leaving.leaving = true;
  const Done done{{1, 2, 3, 4, 5}, {6, 6, 7}, 8, true};
  const Done known{{1, 3, 0, 0, 0}, {}, 9, false};
  const State state{
      {{"/var/log/my log", {place, leaving}, {done, known}, "foreign=1", {{7, 9}}}, {"other", {}, {}, ""}},
      {{"/var/log/*.log", 12}}};
  std::string text;
  for (const LogState& log : state.logs) xlimit::follow::append(text, log);
  for (const xlimit::follow::Pattern& pattern : state.patterns) xlimit::follow::append(text, pattern);
  const auto read = xlimit::follow::parse_state(text);
  REQUIRE(read.has_value());
  CHECK(*read == state);
  CHECK_FALSE(xlimit::follow::parse_state("open 1 2 3\n").has_value());
  CHECK_FALSE(xlimit::follow::parse_state("log a\nopen 1 2 x\n").has_value());
  CHECK_FALSE(xlimit::follow::parse_state("something else\n").has_value());
}

TEST_CASE("rotated files are ordered by birth, then by their names") {
  CHECK(sorted({sibling("a.log.1", 30, 99), sibling("a.log.3", 10, 98), sibling("a.log.2", 20, 97)}) ==
        Lines{"a.log.3", "a.log.2", "a.log.1"});
  CHECK(sorted({sibling("a.log.2", 5, 5), sibling("a.log.10", 5, 5), sibling("a.log.1", 5, 5)}) ==
        Lines{"a.log.10", "a.log.2", "a.log.1"});
  CHECK(sorted({sibling("a.log-20260602", 5, 5), sibling("a.log-20260601", 5, 5)}) ==
        Lines{"a.log-20260601", "a.log-20260602"});
  CHECK(sorted({sibling("a-20260602.log", 5, 5), sibling("a-20260601.log", 5, 5)}) ==
        Lines{"a-20260601.log", "a-20260602.log"});
  CHECK(
      sorted({sibling("@4000000069a1b2c40a1b2c3d.s", 5, 5), sibling("@4000000069a1b2c30a1b2c3d.s", 5, 5)}) ==
      Lines{"@4000000069a1b2c30a1b2c3d.s", "@4000000069a1b2c40a1b2c3d.s"});
}

TEST_CASE("without births the last write orders rotated files, and compressed ones come first") {
  CHECK(sorted({sibling("a.log.1", 0, 30), sibling("a.log.2", 10, 20), sibling("a.log.3", 20, 10)}) ==
        Lines{"a.log.3", "a.log.2", "a.log.1"});
  CHECK(sorted({sibling("a.log.1", 30, 30), sibling("a.log.2.gz", 40, 20, true),
                sibling("a.log.3.gz", 40, 20, true)}) == Lines{"a.log.3.gz", "a.log.2.gz", "a.log.1"});
}

TEST_CASE("a compressed file is later than a plain one when its name and its last write say so") {
  CHECK(sorted({sibling("a.log.1.gz", 40, 40, true), sibling("a.log.2", 20, 30), sibling("a.log.3", 10, 20),
                sibling("a.log.4.gz", 50, 10, true)}) ==
        Lines{"a.log.4.gz", "a.log.3", "a.log.2", "a.log.1.gz"});
  CHECK(sorted({sibling("a.log.1", 30, 31), sibling("a.log.3.gz", 40, 20, true),
                sibling("a.log.2.gz", 50, 50, true), sibling("a.log.4", 10, 11)}) ==
        Lines{"a.log.4", "a.log.3.gz", "a.log.2.gz", "a.log.1"});
  CHECK(sorted({sibling("a.log-20260602.gz", 9, 9, true), sibling("a.log-20260601", 5, 6)}) ==
        Lines{"a.log-20260601", "a.log-20260602.gz"});
  CHECK(sorted({sibling("a.log.1", 30, 30), sibling("a.log.2.gz", 40, 40, true)}) ==
        Lines{"a.log.2.gz", "a.log.1"});
  CHECK(sorted({sibling("a.log.2", 30, 50), sibling("a.log.1.gz", 40, 40, true)}) ==
        Lines{"a.log.1.gz", "a.log.2"});
}

TEST_CASE("only a compressed file that was born and last written to in earlier seconds is too old") {
  constexpr std::int64_t kSecond = 1000000000, kHour = 3600 * kSecond;
  const auto is_too_old = [](std::int64_t birth, std::int64_t written, bool compressed = true) {
    return xlimit::follow::is_too_old(sibling("a.log.1.gz", birth, written, compressed), kHour + 5);
  };
  CHECK_FALSE(is_too_old(1, kHour));
  CHECK_FALSE(is_too_old(kHour, 1));
  CHECK(is_too_old(kHour - 1, kHour - 1));
  CHECK_FALSE(is_too_old(1, 1, false));
  CHECK_FALSE(is_too_old(0, kHour - 60 * kSecond));  // when it was born is not told
  CHECK(is_too_old(0, 1));
}

TEST_CASE("a log cut short in place is read from its new beginning, behind the same head too") {
  Bench bench;
  const std::string head = std::string(600, 'h') + "\n";
  const auto follower = follow(bench, head + "one\n");
  bench.overwrite("access.log", head + "two, which is longer\n");
  bench.read_all(*follower);
  CHECK(bench.lines.back() == "two, which is longer");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("what was seen and not read when a log is cut short is a gap, each time") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "0123456789\n");
  follower->look();
  bench.overwrite("access.log", "");
  follower->look();
  bench.append("access.log", "01234\n");
  follower->look();
  bench.overwrite("access.log", "two\n");
  bench.read_all(*follower);
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "truncated 17");
}

TEST_CASE("a log that was never read and holds something else now was cut short") {
  Bench bench;
  const auto follower = follow(bench, "");
  bench.append("access.log", "lost\n");
  follower->look();
  bench.overwrite("access.log", "one, longer\n");
  follower->look();
  bench.read_all(*follower);
  CHECK(bench.given() == "one, longer");
  CHECK(bench.gap_list() == "truncated 5");
}

TEST_CASE("what stands behind a new beginning was not cut off") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.overwrite("access.log", "two, which is longer\n");
  follower->look();
  bench.read_all(*follower);
  CHECK(bench.given() == "one|two, which is longer");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a log of which only the end is cut off goes on there") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "lost\n");
  follower->look();
  fs::resize_file(bench.log, 4);
  bench.read_all(*follower);
  bench.append("access.log", "two\n");
  bench.read_all(*follower);
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "truncated 5");
}

TEST_CASE("a core that writes into the renamed file when we come is heard") {
  Bench bench;
  bench.append("access.log.1", "before\n");
  Follower follower{bench.log, bench.sink()};
  REQUIRE(follower.begin(From::end).has_value());
  bench.append("access.log.1", "one\n");
  bench.read_all(follower);
  CHECK(bench.given() == "one");
}

TEST_CASE("more rotated files than may be held open are read all the same, oldest first") {
  Bench bench;
  const auto follower = follow(bench, "0\n");
  Lines wanted{"0"};
  const int count = static_cast<int>(Follower::kMaxOpen) + 20;
  bench.rename("access.log", "access.log." + std::to_string(count + 1));
  for (int i = count; i >= 1; --i) {
    bench.append("access.log." + std::to_string(i), std::to_string(count + 1 - i) + "\n");
    wanted.push_back(std::to_string(count + 1 - i));
  }
  bench.append("access.log", "last\n");
  wanted.push_back("last");
  follower->look_up();
  bench.read_all(*follower);
  CHECK(bench.lines == wanted);
}

TEST_CASE("lines that are held back come with the next read, and the place is between them") {
  Bench bench;
  bench.append("access.log", "one\ntwo\nthree\n");
  const auto follower = by_line(bench);
  REQUIRE(follower->begin(From::start).has_value());
  CHECK(follower->read());
  CHECK(bench.given() == "one");
  CHECK(xlimit::follow::parse_state(bench.state_of(*follower))->logs[0].open[0].offset == 4);
  while (follower->read()) continue;
  CHECK(bench.given() == "one|two|three");
}

TEST_CASE("a deleted log that has been quiet is given up, and one that is there is not") {
  Bench bench;
  const auto follower = follow(bench, "one\nhalf");
  const auto later = std::chrono::steady_clock::now() + Follower::kQuiet * 2;
  CHECK_FALSE(follower->give_up_deleted(later));
  fs::remove(bench.log);
  CHECK_FALSE(follower->give_up_deleted(std::chrono::steady_clock::now()));
  CHECK(follower->give_up_deleted(later));
  CHECK(follower->open() == 0);
  CHECK(bench.given() == "one");
  CHECK(bench.halves == Lines{"half"});
}

TEST_CASE("every file that was opened is closed, also when its follower ends") {
  Bench bench;
  std::vector<int> open;
  {
    Follower follower{bench.log, bench.sink()};
    follower.on_open = [&](const xlimit::follow::LogFile& file) { open.push_back(file.fd()); };
    follower.on_close = [&](const xlimit::follow::LogFile& file) { std::erase(open, file.fd()); };
    bench.append("access.log", "one\n");
    REQUIRE(follower.begin(From::start).has_value());
    bench.rotate("access.log.1", "two\n");
    look(follower);
    CHECK(open.size() == 2);
  }
  CHECK(open.empty());
}
