// SPDX-License-Identifier: MIT
// Rotation by copying: a copy is known by what it holds, whatever its name and inode were before.
#include <functional>
#include <utility>

#include "follow_bench.h"

using namespace bench;

TEST_CASE("a copy over the file that was rotated before us is known") {
  for (const std::string before : {"before\n", ""}) {
    for (const std::string seen : {"nothing", "the lines", "the copy"}) {
      CAPTURE(before);
      CAPTURE(seen);
      Bench bench;
      bench.append("access.log.1", before);
      const auto follower = follow(bench, "", From::end);
      bench.append("access.log", "one\ntwo\n");
      if (seen != "nothing") look(*follower);
      bench.copy("access.log", "access.log.1");
      if (seen == "the copy") look(*follower);
      bench.overwrite("access.log", "three\n");
      look(*follower);
      CHECK(bench.given() == "one|two|three");
      CHECK(bench.gaps.size() == (seen == "nothing" ? 0U : 1U) + (before.empty() ? 0U : 1U));
    }
  }
}

TEST_CASE("a copy over a rotated file of which lines wait: what is missing is told") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.rotate("access.log.1", "two\n");
  look(*follower);
  bench.append("access.log.1", "lost\n");
  follower->look();
  bench.copytruncate("access.log.1", "three\n");
  look(*follower);
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list() == "truncated 5 truncated 0");
}

TEST_CASE("a rotated file that is copied on before the next copy is written over it is read once") {
  Bench bench;
  bench.append("access.log", "one\n");
  std::string state;
  for (const std::string next : {"two\n", "three\n", "four\n"}) {
    state = bench.run(state);
    if (fs::exists(bench.path("access.log.2"))) bench.copy("access.log.2", "access.log.3");
    if (fs::exists(bench.path("access.log.1"))) bench.copy("access.log.1", "access.log.2");
    bench.copytruncate("access.log.1", next);
  }
  bench.run(state);
  CHECK(bench.given() == "one|two|three|four");
}

TEST_CASE("a rotated file that is copied over an empty one that is long known is read once") {
  Bench bench;
  bench.append("access.log.2", "");
  fs::last_write_time(bench.path("access.log.2"), fs::file_time_type::clock::now() - std::chrono::hours{1});
  const auto follower = follow(bench, "one\n");
  look(*follower);
  for (const std::string next : {"two\n", "three\n"}) {
    if (fs::exists(bench.path("access.log.1"))) bench.copy("access.log.1", "access.log.2");
    bench.copytruncate("access.log.1", next);
    look(*follower);
  }
  CHECK(bench.given() == "one|two|three");
}

TEST_CASE("a copy that is just being made of a file that was read waits until it is whole") {
  Bench bench;
  const std::string head(600, 'h');
  bench.append("access.log.1", head + "\none\n");
  const auto follower = follow(bench, "two\n");
  bench.append("access.log.2", head + "\n");
  look(*follower);
  bench.append("access.log.2", "one\n");
  look(*follower);
  CHECK(bench.given() == "two");
}

TEST_CASE("a copy that was there before us and is made again and again of the growing log is left") {
  Bench bench;
  bench.append("access.log", "before\n");
  bench.copy("access.log", "access.log.1");
  const auto follower = follow(bench, "", From::end);
  for (const std::string next : {"one\n", "two\n", "three\n"}) {
    bench.append("access.log", next);
    bench.copy("access.log", "access.log.1");
    look(*follower);
  }
  CHECK(bench.given() == "one|two|three");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("copies of a log that was cut short twice between two looks are all read") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  bench.copytruncate("access.log.2", "three\n");
  bench.copytruncate("access.log.1", "four\n");
  bench.read_all(*follower);
  CHECK(bench.given() == "one|two|three|four");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("of a log that is cut short again while its copies are looked for nothing is missing") {
  for (const bool restarted : {false, true}) {
    CAPTURE(restarted);
    Bench bench;
    const auto follower = follow(bench, "one\n");
    bench.append("access.log", "two\n");
    bench.copytruncate("access.log.3", "three\n");
    bool cut = false;
    follower->on_open = [&](const xlimit::follow::LogFile&) {
      if (std::exchange(cut, true)) return;
      bench.copytruncate("access.log.2", "four\n");
      follower->look();
      bench.copytruncate("access.log.1", "");
      follower->look();
    };
    follower->touch_all();
    while (!cut && follower->read()) continue;
    if (restarted)
      bench.run(bench.state_of(*follower));
    else
      bench.read_all(*follower);
    CHECK(bench.lines.size() == 4);
    CHECK(bench.gap_list() == "truncated 0 truncated 0");
  }
}

TEST_CASE("copies that were made while nothing was read are found, and none of their bytes is a gap") {
  Bench bench;
  const auto follower = follow(bench, "");
  const auto cut = [&](const std::string& text, const std::string& copy, bool look_between) {
    bench.append("access.log", text);
    follower->look();
    bench.copy("access.log", copy);
    if (look_between) follower->look_around();
    bench.overwrite("access.log", "");
    follower->look();
    follower->look_around();
  };
  SUBCASE("seen before the log is cut short") { cut("one\n", "access.log.2", true); }
  SUBCASE("seen afterwards") { cut("one\n", "access.log.2", false); }
  cut("two\n", "access.log.1", false);
  bench.read_all(*follower);
  look(*follower);
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("of what a killed reader saw cut off and found in a copy nothing is missing") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  bench.append("access.log", "two\n");
  follower->look();
  bench.copytruncate("access.log.2", "");
  follower->look();
  bench.append("access.log", "three\n");
  follower->look();
  bench.copytruncate("access.log.1", "");
  follower->look();
  follower->look_around();
  bench.run(bench.state_of(*follower));
  CHECK(bench.lines.size() == 3);
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a copy that was found before what it holds was read is remembered as one") {
  Bench bench;
  const auto follower = follow(bench, "");
  bench.append("access.log", "one\n");
  bench.copy("access.log", "access.log.2");
  follower->look_around();
  std::string wanted = "one";
  SUBCASE("and so is the next one") {
    bench.overwrite("access.log", "two\n");
    bench.copy("access.log", "access.log.1");
    follower->look_around();
    wanted += "|two";
  }
  bench.overwrite("access.log", "");
  bench.read_all(*follower);
  CHECK(bench.given() == wanted);
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a copy that is always made under the same name is read each time") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  for (const std::string next : {"two", "three", "four"}) {
    bench.append("access.log", next + "\n");
    bench.copytruncate("access.log.1", "");
    look(*follower);
  }
  CHECK(bench.given() == "one|two|three|four");
}

TEST_CASE("half a line is no line at the end of a copy, nor when its log is cut short before the end") {
  Bench bench;
  const auto follower = follow(bench, "one\nhal");
  SUBCASE("with a copy") { bench.copy("access.log", "access.log.1"); }
  SUBCASE("without") {}
  bench.overwrite("access.log", "");
  if (fs::exists(bench.path("access.log.1"))) {
    look(*follower);
    CHECK(bench.halves == Lines{"hal"});
  } else {
    follower->look();
  }
  follower->finish(true);
  CHECK(bench.given() == "one");
}

TEST_CASE("half a line that is cut off is told, also when the next one differs in its first byte only") {
  const std::string same(300, 'x');
  Bench bench;
  const auto follower = follow(bench, "a" + same);
  bench.overwrite("access.log", "b" + same + same);
  SUBCASE("at the next read") {}
  SUBCASE("at a look") { follower->look(); }
  bench.read_all(*follower);
  CHECK(bench.gap_list() == "truncated 301");
  bench.append("access.log", "\n");
  bench.read_all(*follower);
  CHECK(bench.given() == "b" + same + same);
}

TEST_CASE("half a line behind the place that is cut off is told, and what comes instead is read once") {
  Bench bench;
  bench.append("access.log", "one\nhalf");
  Follower follower{bench.log, bench.sink()};
  REQUIRE(follower.begin(From::end).has_value());
  bench.overwrite("access.log", "one\ntwo and more\n");
  bench.read_all(follower);
  CHECK(bench.given() == "two and more");
  CHECK(bench.gap_list() == "truncated 4");
  bench.append("access.log", "three\n");
  bench.run(bench.state_of(follower));
  CHECK(bench.given() == "two and more|three");
  CHECK(bench.gap_list() == "truncated 4");
}

TEST_CASE("half a line is a line only at the end of a log that is read no more") {
  for (const bool whole : {true, false}) {
    Bench bench;
    const auto follower = follow(bench, "one\nhal");
    follower->finish(whole);
    CHECK(bench.given() == (whole ? "one|hal" : "one"));
    CHECK(bench.halves.size() == (whole ? 0 : 1));
  }
}

TEST_CASE("a copy put into the place of the log goes on where the log was") {
  Bench bench;
  const auto follower = follow(bench, "one\ntwo\n");
  bench.copy("access.log", "edited");
  bench.append("edited", "three\n");
  bench.rename("edited", "access.log");
  follower->look_up();
  bench.read_all(*follower);
  CHECK(bench.given() == "one|two|three");
}

TEST_CASE("a copy that ends before what was read of the log when that is cut short does not come again") {
  Bench bench;
  const std::string head(600, 'h');
  const auto follower = follow(bench, head + "\n");
  bench.append("access.log", "two\n");
  bench.copy("access.log", "access.log.1");
  bench.append("access.log", "three\n");
  SUBCASE("at once") {
    bench.read_all(*follower);
    bench.overwrite("access.log", "four\n");
    look(*follower);
  }
  SUBCASE("by the next run") {
    bench.read_all(*follower);
    const std::string state = bench.state_of(*follower);
    bench.overwrite("access.log", "four\n");
    bench.run(state);
  }
  CHECK(bench.given() == head + "|two|three|four");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("what may be missing of an empty log that was cut short is told") {
  Bench bench;
  const auto follower = follow(bench, "");
  const std::string state = bench.state_of(*follower);
  bench.append("access.log", "one\n");
  bench.copytruncate("access.log.1", "two\n");
  SUBCASE("at once") { look(*follower); }
  SUBCASE("by the next run") { bench.run(state); }
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("what may be missing of a log that was cut short and renamed is told") {
  Bench bench;
  const auto follower = follow(bench, "one\n");
  const std::string state = bench.state_of(*follower);
  bench.append("access.log", "two\n");
  bench.copytruncate("access.log.2", "three\n");
  bench.rotate("access.log.1", "four\n");
  SUBCASE("at once") { look(*follower); }
  SUBCASE("by the next run") { bench.run(state); }
  CHECK(bench.given() == "one|two|three|four");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("half a line that begins like another log is no copy of it") {
  Bench bench;
  const auto follower = follow(bench, "12:00 one\n");
  bench.rename("access.log", "access.log.2");
  bench.append("access.log.1", "12:0");
  bench.append("access.log", "12:01 three\n");
  look(*follower);
  bench.append("access.log.1", "0 two\n");
  look(*follower);
  CHECK(bench.lines == Lines{"12:00 one", "12:01 three", "12:00 two"});
  CHECK(bench.halves.empty());
}

TEST_CASE("a log that is rotated when it was opened for the first time is read whole") {
  Bench bench;
  bench.append("access.log", "");
  bench.append_younger("access.log", "access.log.2", "long ago\n");
  Follower follower{bench.log, bench.sink()};
  follower.add_name(bench.path("access.log.2"));
  std::function<void()> rotate;
  std::string gaps;
  SUBCASE("cut short") {
    rotate = [&] {
      bench.append("access.log", "one\n");
      bench.append_younger("access.log", "access.log.1", "one\n");
      bench.overwrite("access.log", "two\n");
    };
    if (xlimit::follow::look_at(bench.log)->file.birth != 0) gaps = "truncated 0";
  }
  SUBCASE("renamed") {
    rotate = [&] {
      bench.append("access.log", "one\n");
      bench.rotate("access.log.1", "two\n");
    };
  }
  follower.is_taken = [&](const xlimit::follow::Identity&) {  // asked when the log has been opened
    if (rotate) std::exchange(rotate, {})();
    return false;
  };
  REQUIRE(follower.begin(From::start).has_value());
  bench.read_all(follower);
  CHECK(!rotate);
  look(follower);
  CHECK(bench.given() == "long ago|one|two");
  CHECK(bench.gap_list() == gaps);
}
