// SPDX-License-Identifier: MIT
// Logs of a pattern that are renamed to other names which it matches, too.
#include "follow/tail.h"
#include "follow_bench.h"

using namespace bench;
using xlimit::follow::parse_state;
using xlimit::follow::Tail;
using xlimit::stream::Loop;

namespace {

struct Pattern : Bench {
  std::string pattern = path("*.log");
  Lines names;  // in its place

  // A run from `state`, or from the start, to the end of what is there; where it is then.
  std::string read_all_logs(const std::string& state = {}) {
    Loop loop;
    const auto sink = [this](const std::string&) { return Bench::sink(); };
    Tail::Options options{.follow = false, .from = From::start, .resumed_later = true};
    if (!state.empty()) options.state = parse_state(state);
    Tail tail{loop, std::move(options), sink, [] {}};
    REQUIRE(tail.add(names.empty() ? Lines{pattern} : names).has_value());
    REQUIRE(loop.run().has_value());
    std::string text;
    tail.append_state(text);
    return text;
  }
  // Follows from `state`, or from the start; calls `on_line` with each line until it says that it is enough.
  std::string follow(const std::string& state, const std::function<bool(const std::string& line)>& on_line) {
    Loop loop;
    const auto open_sink = [&](const std::string&) {
      Follower::Sink sink = Bench::sink();
      sink.piece = [&](const xlimit::stream::Piece& piece) {
        lines.emplace_back(piece.text);
        if (on_line(lines.back())) loop.stop();
      };
      return sink;
    };
    Tail::Options options{.from = From::start, .resumed_later = true};
    if (!state.empty()) options.state = parse_state(state);
    Tail tail{loop, std::move(options), open_sink, [] {}};
    REQUIRE(tail.add(Lines{pattern}).has_value());
    REQUIRE(loop.run().has_value());
    std::string text;
    tail.append_state(text);
    return text;
  }
};

// Names before and behind the log's, and one that rotation might have made.
const Lines kNames{"access-old.log", "b.log", "20261128-access.log", "access-20261128.log"};

}  // namespace

TEST_CASE("a log that is renamed to another name of the pattern is read once, by the next run") {
  for (const std::string& name : kNames) {
    CAPTURE(name);
    for (const bool anew : {true, false}) {
      Pattern bench;
      bench.append("access.log", "1\n2\n");
      const std::string state = bench.read_all_logs();
      bench.append("access.log", "3\n");
      bench.rename("access.log", name);
      if (anew) bench.append("access.log", "4\n");
      const std::string later = bench.read_all_logs(state);
      CHECK(bench.given() == (anew ? "1|2|3|4" : "1|2|3"));
      bench.append("access.log", "5\n");
      bench.append(name, "6\n");
      bench.lines.clear();
      bench.read_all_logs(later);
      CHECK(bench.given() == "6|5");
      CHECK(bench.gap_list().empty());
    }
  }
}

TEST_CASE("a log that is renamed to another name of the pattern is read once while it is followed") {
  for (const std::string& name : kNames) {
    CAPTURE(name);
    Pattern bench;
    bench.append("access.log", "1\n");
    const std::string state = bench.follow({}, [&](const std::string& line) {
      if (line == "1") bench.rename("access.log", name);
      if (line == "1") bench.append(name, "2\n");
      if (line == "2") bench.append("access.log", "3\n");
      if (line == "3") bench.append(name, "4\n");
      return line == "4";
    });
    bench.append(name, "5\n");
    bench.follow(state, [&](const std::string& line) {
      if (line == "5") bench.append("access.log", "6\n");
      if (line == "6") bench.append(name, "7\n");
      return line == "7";
    });
    CHECK(bench.given() == "1|2|3|4|5|6|7");
    CHECK(bench.gap_list().empty());
  }
}

TEST_CASE("logs that are renamed to each other's names are read once") {
  Pattern bench;
  bench.append("a.log", "a1\n");
  bench.append("b.log", "b1\n");
  const std::string state = bench.read_all_logs();
  bench.append("a.log", "a2\n");
  bench.append("b.log", "b2\n");
  SUBCASE("as generations") {
    bench.rename("b.log", "c.log");
    bench.rename("a.log", "b.log");
    bench.append("a.log", "a3\n");
    bench.read_all_logs(bench.read_all_logs(state));
    CHECK(bench.given() == "a1|b1|a2|a3|b2");
  }
  SUBCASE("from behind") {
    bench.rename("a.log", "0.log");
    bench.rename("b.log", "a.log");
    bench.append("b.log", "b3\n");
    bench.read_all_logs(bench.read_all_logs(state));
    CHECK(bench.given() == "a1|b1|a2|b2|b3");
  }
  SUBCASE("and rotated from there") {
    bench.rename("b.log", "c.log");
    bench.rename("a.log", "b.log");
    const std::string later = bench.read_all_logs(state);
    bench.append("b.log", "a3\n");
    bench.rename("b.log", "b.log.1");
    bench.append("b.log", "b3\n");
    bench.read_all_logs(bench.read_all_logs(later));
    CHECK(bench.given() == "a1|b1|b2|a2|b3|a3");
  }
  SUBCASE("exchanged") {
    bench.rename("b.log", "c");
    bench.rename("a.log", "b.log");
    bench.rename("c", "a.log");
    bench.read_all_logs(bench.read_all_logs(state));
    CHECK(bench.given() == "a1|b1|a2|b2");
  }
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a renamed log that was quiet becomes one of its own behind what was read of it") {
  Pattern bench;
  auto log = bench::follow(bench, "1\n");
  bench.rename("access.log", "b.log");
  bench.append("access.log", "2\n");
  look(*log);
  log->expire(std::chrono::steady_clock::now() + 2 * Follower::kQuiet);
  Bench::read_all(*log);
  REQUIRE(log->open() == 1);
  bench.append("b.log", "3\n");
  SUBCASE("at once") {
    Follower other{bench.path("b.log"), bench.sink()};
    other.find_read = [&](const auto& file) { return log->find_end(file); };
    REQUIRE(other.begin(From::start).has_value());
    Bench::read_all(other);
  }
  SUBCASE("in the place of another log") {
    bench.rename("b.log", "c.log");
    Follower other{bench.path("b.log"), bench.sink()};
    other.find_read = [&](const auto& file) { return log->find_end(file); };
    REQUIRE(other.begin(From::start).has_value());
    bench.rename("c.log", "b.log");
    look(other);
  }
  SUBCASE("by the next run") {
    bench.rename("b.log", "a.log");
    const std::string state = bench.read_all_logs(Bench::state_of(*log));
    bench.read_all_logs(state);
  }
  CHECK(bench.given() == "1|2|3");
  CHECK(bench.gap_list().empty());
}

TEST_CASE("a log of the pattern that is gone is told once, and the others are read on") {
  Pattern bench;
  bench.append("a.log", "a1\n");
  bench.append("b.log", "b1\n");
  std::string state = bench.read_all_logs();
  fs::remove(bench.path("a.log"));
  for (const std::string line : {"b2", "b3"}) {
    bench.append("b.log", line + "\n");
    state = bench.read_all_logs(state);
  }
  CHECK(bench.given() == "a1|b1|b2|b3");
  CHECK(bench.gap_list() == "lost 0");
  CHECK(state.find("a.log") == std::string::npos);
}

TEST_CASE("a file that two logs of earlier runs read is left to the one that has its name") {
  Pattern bench;
  const auto run = [&](const std::string& pattern, const std::string& state) {
    bench.pattern = bench.path(pattern);
    return bench.read_all_logs(state);
  };
  bench.append("a.log", "1\n");
  std::string state = run("a*.log", {});
  bench.rename("a.log", "b.log");
  bench.append("a.log", "2\n");
  state = run("b*.log", state);
  REQUIRE(bench.given() == "1|1");
  bench.append("b.log", "3\n");
  run("?.log", state);
  CHECK(bench.given() == "1|1|2|3");
}

TEST_CASE("a file that another log read and gave up does not come again from where it was first seen") {
  Pattern bench;
  auto log = bench::follow(bench, "1\n");
  Follower other{bench.path("b.log"), bench.sink()};
  other.is_taken = [&](const auto& file) { return log->holds(file); };
  other.find_read = [&](const auto& file) { return log->find_end(file); };
  bench.append("b.log", "2\n");
  REQUIRE(other.begin(From::start).has_value());
  Bench::read_all(other);
  bench.rename("access.log", "b.log.1");
  bench.append("access.log", "3\n");
  look(*log);
  look(other);
  other.look_around();
  bench.append("b.log.1", "4\n");
  look(*log);
  log->expire(std::chrono::steady_clock::now() + 2 * Follower::kQuiet);
  Bench::read_all(*log);
  REQUIRE(log->open() == 1);
  other.look_around();
  Bench::read_all(other);
  CHECK(bench.given() == "1|2|3|4");
  CHECK(bench.gap_list() == "");
}

TEST_CASE("a log that took the name of another which is asked for, too, keeps no run from starting") {
  Pattern bench;
  bench.names = {bench.path("a.log"), bench.path("b.log")};
  bench.append("a.log", "1\n");
  bench.append("b.log", "2\n");
  std::string state = bench.read_all_logs();
  bench.rename("a.log", "b.log");
  bench.append("b.log", "3\n");
  bench.append("a.log", "4\n");
  state = bench.read_all_logs(state);
  bench.read_all_logs(state);
  CHECK(bench.given() == "1|2|3|4");
}

TEST_CASE("a log that was renamed, and rotated from there, is read on") {
  Pattern bench;
  bench.append("a.log", "1\n");
  std::string state = bench.read_all_logs();
  bench.rename("a.log", "b.log");
  bench.append("a.log", "2\n");
  state = bench.read_all_logs(state);
  bench.rename("b.log", "b.log.1");
  bench.append("b.log.1", "3\n");
  bench.read_all_logs(state);
  CHECK(bench.given() == "1|2|3");
  CHECK(bench.gap_list().empty());
}
