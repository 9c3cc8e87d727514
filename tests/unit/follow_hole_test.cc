// SPDX-License-Identifier: MIT
// A writer that does not append goes on where it was when its log was cut short, behind a hole.
#include "follow_bench.h"

using namespace bench;

namespace {

struct Holes : Bench {
  std::ofstream writer{log};
  void write(const std::string& text) { writer << text << std::flush; }
  void cut() const { fs::resize_file(log, 0); }
};

}  // namespace

TEST_CASE(
    "of a writer that does not append the hole tells exactly what was cut off, and no record is lost by it") {
  for (const bool copied : {false, true}) {
    for (const bool at_once : {false, true}) {
      CAPTURE(copied);
      CAPTURE(at_once);
      Holes bench;
      bench.write("one\n");
      const auto follower = follow(bench, "");
      const std::string state = bench.state_of(*follower);
      bench.write("two\n");
      if (copied) bench.copy("access.log", "access.log.1");
      bench.write(std::string(200000, 'x') + "\n");
      bench.cut();
      if (at_once) bench.read_all(*follower);
      bench.write("three\n");
      at_once ? bench.read_all(*follower) : static_cast<void>(bench.run(state));
      CHECK(bench.given() == (copied ? "one|two|three" : "one|three"));
      CHECK(bench.gap_list() == std::string{"truncated 0 truncated "} + (copied ? "200001" : "200005"));
    }
  }
}

TEST_CASE("what stands in a copy that is being compressed when the hole is read was not cut off") {
  for (const bool at_once : {false, true}) {
    CAPTURE(at_once);
    Holes bench;
    bench.write("one\n");
    const auto follower = follow(bench, "");
    Follower next{bench.log, bench.sink()};
    bench.write("two\n");
    bench.copy("access.log", "access.log.1");
    bench.write("lost\n");
    bench.cut();
    const std::string whole = begin_to_gzip(bench, "access.log.1");
    bench.append("access.log.1.gz", whole.substr(0, whole.size() - 1));
    if (at_once)
      bench.read_all(*follower);
    else
      bench.resume(next, bench.state_of(*follower));
    Follower& reader = at_once ? *follower : next;
    bench.write("three\n");
    bench.read_all(reader);
    CHECK(bench.gap_list() == "truncated 0");
    bench.overwrite("access.log.1.gz", whole);
    look(reader);
    CHECK(bench.given() == "one|three|two");
    CHECK(bench.gap_list() == "truncated 0 truncated 5");
  }
}

TEST_CASE("a hole that is left after a restart is told") {
  Holes bench;
  bench.write("one\n");
  const auto follower = follow(bench, "");
  bench.write("lost\n");
  bench.cut();
  bench.read_all(*follower);
  const std::string state = bench.run(bench.state_of(*follower));
  bench.write("two\n");
  bench.run(bench.run(state));
  CHECK(bench.given() == "one|two");
  CHECK(bench.gap_list() == "truncated 0 truncated 5");
}

TEST_CASE("copies of a log that begins with a hole are known, whatever the log holds by then") {
  Holes bench;
  bench.write("one\n");
  const auto follower = follow(bench, "");
  for (const char* const name : {"two", "three", "four"}) {
    bench.cut();
    bench.read_all(*follower);
    bench.write(std::string{name} + "\n");
    bench.read_all(*follower);
    bench.copy("access.log", "access.log.1");
    bench.cut();
    bench.write("more\n");
    look(*follower);
    bench.read_all(*follower);
  }
  CHECK(bench.given() == "one|two|more|three|more|four|more");
}

TEST_CASE(
    "what stands in a copy was not cut off, also when the log was cut short once more before it was read") {
  for (const bool looked : {true, false}) {
    CAPTURE(looked);
    Holes bench;
    bench.write("one\n");
    const auto follower = follow(bench, "");
    bench.cut();
    bench.read_all(*follower);
    bench.write(std::string(1000, 'x') + "\n");
    bench.copy("access.log", "access.log.1");
    bench.write("lost\n");
    bench.cut();
    bench.write("two\n");
    if (looked) follower->look_around();
    bench.read_all(*follower);
    CHECK(bench.lines.size() == 3);
    CHECK(bench.gap_list() == "truncated 0 truncated 0 truncated 5");
  }
}
