// SPDX-License-Identifier: MIT
// Copies that end before what was read of their log; and other files that begin like it, which are none.
#include "follow_bench.h"

using namespace bench;

namespace {

// A log's first line, longer than what a file is known by at first sight.
const std::string kBanner(600, 'h');

// What a log holds that begins with it.
std::string banner_and(const std::string& lines) { return kBanner + "\n" + lines; }

// The lines that came, without the banners.
std::string given_of(const Bench& bench) {
  std::string all;
  for (const std::string& line : bench.lines) {
    if (line != kBanner) all += (all.empty() ? "" : "|") + line;
  }
  return all;
}

// The log gets that name, and a younger one holds the banner and these lines.
void rotate_anew(const Bench& bench, const std::string& name, const std::string& lines) {
  bench.rename("access.log", name);
  bench.append_younger(name, "access.log", banner_and(lines));
}

// A log with `first` was followed, rotated, compressed as access.log.2.gz, and one with `second` read; where
// the next run is then.
std::string state_behind_packed(Bench& bench, const std::string& first, const std::string& second) {
  const auto follower = follow(bench, banner_and(first));
  rotate_anew(bench, "access.log.2", second);
  look(*follower);
  gzip(bench, "access.log.2");
  look(*follower);
  return bench.run(bench.state_of(*follower));
}

}  // namespace

TEST_CASE("a copy that was seen while it was made, and ends before what was read, does not come again") {
  Bench bench;
  const auto follower = follow(bench, banner_and("one\ntwo\n"));
  bench.append("access.log.1", banner_and("one\nt"));
  look(*follower);
  bench.append("access.log", "three\n");
  bench.read_all(*follower);
  bench.append("access.log.1", "wo\n");
  SUBCASE("at once") {
    bench.overwrite("access.log", "four\n");
    look(*follower);
  }
  SUBCASE("by the next run") {
    const std::string state = bench.state_of(*follower);
    bench.overwrite("access.log", "four\n");
    bench.run(state);
  }
  CHECK(given_of(bench) == "one|two|three|four");
  CHECK(bench.gap_list() == "truncated 0");
  CHECK(bench.halves.empty());
}

TEST_CASE("a rotated log that begins like the compressed one before it is read") {
  Bench bench;
  const std::string state = bench.first_run(banner_and("one\ntwo\n"));
  gzip(bench, "access.log");
  bench.rename("access.log.gz", "access.log.2.gz");
  bench.append("access.log.1", banner_and("three\n"));
  bench.append("access.log", banner_and("four\n"));
  bench.run(state);
  CHECK(given_of(bench) == "one|two|three|four");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a compressed log that begins like a longer one that was read is read at once") {
  Bench bench;
  const std::string state = state_behind_packed(bench, "one\ntwo\n", "three\n");
  bench.rename("access.log.2.gz", "access.log.3.gz");
  bench.rename("access.log", "access.log.2");
  gzip(bench, "access.log.2");
  bench.append("access.log.1", banner_and("fourth\n"));
  bench.append("access.log", banner_and("five\n"));
  gzip(bench, "access.log.1");  // born later than the log
  bench.run(bench.run(state));
  CHECK(given_of(bench) == "one|two|three|fourth|five");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a renamed log that begins like a longer one that was read is read at once") {
  Bench bench;
  const std::string state = state_behind_packed(bench, "one\ntwo\n", "three\n");
  rotate_anew(bench, "access.log.1", "four\n");
  rotate_anew(bench, "access.log.0", "five\n");
  if (xlimit::follow::look_at(bench.log)->file.birth == 0) return;  // it may be a copy, as far as can be told
  bench.run(state);
  CHECK(given_of(bench) == "one|two|three|four|five");
  CHECK(bench.gap_list().empty());
  CHECK(bench.warnings.empty());
}

TEST_CASE("what is just being made of a log that was read is not read again") {
  Bench bench;
  const std::string all = banner_and("one\ntwo\n"), half = banner_and("one\n");
  const auto follower = follow(bench, all);
  const auto rotate = [&](const std::string& name) {
    rotate_anew(bench, name, "after " + name + "\n");
    look(*follower);
    follower->expire(std::chrono::steady_clock::now() + Follower::kQuiet * 2);
    look(*follower);
  };
  rotate("access.log.1");
  std::string name = "access.log.2";
  SUBCASE("by copying it") { bench.append_younger("access.log", name, half); }
  SUBCASE("by copying it over another one, though the log was born later") {
    rotate(name);
    bench.overwrite(name, half);
  }
  SUBCASE("by unpacking it, though the log was born later") {
    gzip(bench, "access.log.1");
    look(*follower);
    name = "access.log.1";
    bench.append(name, half);
    rotate("access.log.0");
  }
  const std::size_t lines = bench.lines.size();
  look(*follower);
  CHECK(bench.warnings ==
        Lines{"'" + bench.path(name) + "' may be a copy that is just being made, skipped for now"});
  bench.overwrite(name, all);
  fs::remove(bench.path(name + ".gz"));
  look(*follower);
  bench.run(bench.state_of(*follower));
  CHECK(bench.lines.size() == lines);
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a place in a log that only began does not go to another one that begins the same") {
  Bench bench;
  const auto follower = follow(bench, banner_and(""));
  bench.rotate("access.log.2", banner_and("one\ntwo\n"));
  look(*follower);
  bench.rotate("access.log.1", banner_and("three\n"));
  look(*follower);
  std::string state = bench.state_of(*follower);
  gzip(bench, "access.log.2");
  SUBCASE("that is there") {}
  SUBCASE("that was compressed, too") { gzip(bench, "access.log.1"); }
  SUBCASE("that is just being compressed") {
    const std::string whole = begin_to_gzip(bench, "access.log.1");
    bench.append("access.log.1.gz", whole.substr(0, whole.size() - 1));
    state = bench.run(state);
    bench.overwrite("access.log.1.gz", whole);
  }
  bench.run(bench.run(state));
  CHECK(given_of(bench) == "one|two|three");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a place in a log that was seen to be longer goes to one that is as long") {
  Bench bench;
  const auto follower = follow(bench, banner_and(""));
  bench.append("access.log", "one\n");
  follower->look();
  const std::string state = bench.state_of(*follower);
  bench.append("access.log", "two\n");
  bench.rename("access.log", "access.log.1");
  gzip(bench, "access.log.1");
  bench.append("access.log", banner_and("3\n"));
  bench.run(state);
  CHECK(given_of(bench) == "one|two|3");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a place in a log that was compressed and known goes to none that begins the same") {
  Bench bench;
  const auto follower = follow(bench, banner_and(""));
  bench.append("access.log", "one\n");
  follower->look();
  rotate_anew(bench, "access.log.2", "");
  follower->look_around();
  gzip(bench, "access.log.2");
  follower->look_around();
  const std::string state = bench.state_of(*follower);
  bench.append("access.log", "two\n");
  bench.rename("access.log", "access.log.1");
  SUBCASE("as it was") {}
  SUBCASE("compressed, too") { gzip(bench, "access.log.1"); }
  bench.append("access.log", banner_and("three\n"));
  bench.run(state);
  CHECK(given_of(bench) == "one|two|three");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a rotated log that begins like one that was deleted is read") {
  Bench bench;
  const std::string state = bench.first_run(banner_and("one\ntwo\n"));
  bench.append("access.log.1", banner_and("three\n"));
  fs::remove(bench.log);
  bench.append("next", banner_and("four\n"));
  bench.rename("next", "access.log");
  bench.run(state);
  CHECK(given_of(bench) == "one|two|three|four");
  CHECK(bench.gap_list() == "lost 0");
}

TEST_CASE("a log that begins like the compressed one before it comes once") {
  Bench bench;
  const auto follower = follow(bench, banner_and("one\ntwo\n"));
  bench.rotate("access.log.1", banner_and("three\n"));
  look(*follower);
  gzip(bench, "access.log.1");
  look(*follower);
  bench.run(bench.state_of(*follower));
  CHECK(given_of(bench) == "one|two|three");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a log that was cut short twice is read when it began the same") {
  for (const std::string copied : {"one\ntwo\nthree\n", "one\ntwo\n"}) {
    for (const bool at_once : {true, false}) {
      CAPTURE(copied);
      CAPTURE(at_once);
      Bench bench;
      const auto follower = follow(bench, banner_and("one\ntwo\nthree\n"));
      const std::string state = bench.state_of(*follower);
      bench.append("access.log.2", banner_and(copied));
      bench.overwrite("access.log", banner_and("four\n"));
      bench.append_younger("access.log.2", "access.log.1", banner_and("four\n"));
      bench.overwrite("access.log", banner_and("five\n"));
      if (at_once)
        look(*follower);
      else
        bench.run(state);
      CHECK(given_of(bench) == "one|two|three|four|five");
      CHECK(bench.gap_list() == "truncated 0");
    }
  }
}

TEST_CASE("several copies that end before what was read of their log do not come again") {
  Bench bench;
  const auto follower = follow(bench, banner_and("one\ntwo\nthree\n"));
  bench.append("access.log.2", banner_and("one\n"));
  bench.append_younger("access.log.2", "access.log.1", banner_and("one\ntwo\n"));
  bench.overwrite("access.log", "four\n");
  look(*follower);
  CHECK(given_of(bench) == "one|two|three|four");
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE("a copy that ends before what was read is known beside older logs that begin the same") {
  Bench bench;
  SUBCASE("that were there before us") { bench.append("access.log.3", banner_and("zero\n")); }
  SUBCASE("that are held") {}
  const bool held = !fs::exists(bench.path("access.log.3"));
  const auto follower = follow(bench, banner_and(held ? "zero\n" : "one\ntwo\n"));
  if (held) bench.rotate("access.log.3", banner_and("one\ntwo\n"));
  look(*follower);
  bench.append_younger("access.log.3", "access.log.1", banner_and("one\n"));
  bench.overwrite("access.log", "three\n");
  look(*follower);
  CHECK(given_of(bench) == (held ? "zero|one|two|three" : "one|two|three"));
  CHECK(bench.gap_list() == "truncated 0");
}

TEST_CASE(
    "a copy that ends before what was read and is compressed when its log is cut short comes not again") {
  Bench bench;
  const auto follower = follow(bench, banner_and("one\ntwo\n"));
  bench.append("access.log.1", banner_and("one\n"));
  const std::string whole = begin_to_gzip(bench, "access.log.1");
  bench.append("access.log.1.gz", whole.substr(0, whole.size() - 1));
  bench.overwrite("access.log", "three\n");
  SUBCASE("at once") {
    bench.read_all(*follower);
    bench.overwrite("access.log.1.gz", whole);
    look(*follower);
  }
  SUBCASE("by the next run") {
    const std::string state = bench.run(bench.state_of(*follower));
    bench.overwrite("access.log.1.gz", whole);
    bench.run(state);
  }
  CHECK(given_of(bench) == "one|two|three");
}

TEST_CASE("several copies of one log that was read, one of them whole, do not come again") {
  for (const bool at_once : {true, false}) {
    CAPTURE(at_once);
    Bench bench;
    const auto follower = follow(bench, banner_and("one\ntwo\n"));
    bench.append("access.log.2", banner_and("one\n"));
    bench.append_younger("access.log.2", "access.log.1", banner_and("one\ntwo\n"));
    bench.overwrite("access.log", "three\n");
    if (at_once)
      look(*follower);
    else
      bench.run(bench.state_of(*follower));
    CHECK(given_of(bench) == "one|two|three");
    CHECK(bench.gap_list() == "truncated 0");
  }
}

TEST_CASE("what a rotated log is written over with is read when it begins the same and is shorter") {
  Bench bench;
  const auto follower = follow(bench, banner_and("one\ntwo\n"));
  bench.rotate("access.log.1", "three\n");
  look(*follower);
  bench.overwrite("access.log.1", banner_and("four\n"));
  look(*follower);
  CHECK(given_of(bench) == "one|two|three|four");
  CHECK(bench.gap_list() == "truncated 0");
}
