// SPDX-License-Identifier: MIT
// The text of a checkpoint, and finding files again by it.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "follow/checkpoint.h"
#include "follow/follower.h"

namespace fs = std::filesystem;
using xlimit::follow::Checkpoint;
using xlimit::follow::Follower;
using xlimit::follow::From;
using xlimit::follow::Gap;
using xlimit::follow::Place;
using xlimit::follow::Places;
using xlimit::stream::Piece;

namespace {

// A folder of its own, and what a follower of `log` in it gave.
struct Bench {
  fs::path folder = fs::temp_directory_path() / ("xlimit-" + std::to_string(::getpid()));
  std::string log = (folder / "access.log").string();
  std::vector<std::string> lines;
  std::vector<std::pair<Gap, std::uint64_t>> gaps;

  Bench() { fs::create_directories(folder); }
  ~Bench() { fs::remove_all(folder); }
  std::string path(const std::string& name) const { return (folder / name).string(); }
  void append(const std::string& name, const std::string& text) const {
    std::ofstream{path(name), std::ios::app} << text;
  }
  Follower::Sink sink() {
    return {.piece = [this](const Piece& piece) { lines.emplace_back(piece.text); },
            .gap = [this](Gap gap, std::uint64_t bytes) { gaps.emplace_back(gap, bytes); },
            .warning = [](const std::string&) {}};
  }
  // A run from `places` (or the start) to the end of what is there.
  std::vector<Place> run(const std::vector<Place>& places) {
    Follower follower{log, sink()};
    const auto begun = places.empty() ? follower.begin(From::start) : follower.resume(places);
    REQUIRE(begun.has_value());
    while (follower.read()) continue;
    return follower.places();
  }
};

}  // namespace

TEST_CASE("a checkpoint's text says what was put in, and a torn one is none") {
  const Places places{7,
                      {{"/var/log/my log\\x", 65024, 11, 3, 0xfeed, 100, 120, 42}, {.log = "end of days"}}};
  const std::string text = xlimit::follow::format_places(places);
  const std::optional<Places> read = xlimit::follow::parse_places(text + "what is left of a longer one");
  REQUIRE(read.has_value());
  CHECK(read->generation == 7);
  CHECK(read->places == places.places);
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    CHECK_FALSE(xlimit::follow::parse_places(text.substr(0, length)).has_value());
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    std::string torn = text;
    torn[at] = static_cast<char>(torn[at] ^ 1);
    CHECK_FALSE(xlimit::follow::parse_places(torn).has_value());
  }
}

TEST_CASE("reading goes on where it stopped, and a half line comes whole") {
  Bench bench;
  bench.append("access.log", "one\ntwo\nthr");
  const std::vector<Place> places = bench.run({});
  bench.append("access.log", "ee\nfour\n");
  bench.run(places);
  CHECK(bench.lines == std::vector<std::string>{"one", "two", "three", "four"});
}

TEST_CASE("files rotated since the checkpoint are finished first, in order") {
  Bench bench;
  bench.append("access.log.1", "long ago\n");
  bench.append("access.log", "one\n");
  const std::vector<Place> places = bench.run({});
  bench.append("access.log", "two\n");
  fs::rename(bench.path("access.log.1"), bench.path("access.log.4"));
  fs::rename(bench.path("access.log"), bench.path("access.log.3"));
  fs::last_write_time(bench.path("access.log.3"), fs::file_time_type::clock::now() + std::chrono::seconds{1});
  bench.append("access.log.2", "three\n");
  fs::last_write_time(bench.path("access.log.2"), fs::file_time_type::clock::now() + std::chrono::seconds{2});
  bench.append("access.log", "four\n");
  bench.run(places);
  CHECK(bench.lines == std::vector<std::string>{"one", "two", "three", "four"});
  CHECK(bench.gaps.empty());
}

TEST_CASE("a rotated file that is gone is a gap, and a new one under its inode is not mistaken for it") {
  Bench bench;
  bench.append("access.log", "one\nhalf");
  const std::vector<Place> places = bench.run({});
  fs::remove(bench.log);
  bench.append("access.log", "another, longer beginning\n");
  bench.run(places);
  CHECK(bench.lines == std::vector<std::string>{"one", "another, longer beginning"});
  REQUIRE(bench.gaps.size() == 1);
  CHECK(bench.gaps[0].second == 4);
}

TEST_CASE("a log cut short while nobody read is finished from its copy") {
  Bench bench;
  bench.append("access.log", "one\n");
  const std::vector<Place> places = bench.run({});
  bench.append("access.log", "two\n");
  fs::copy_file(bench.log, bench.path("access.log.1"));
  fs::resize_file(bench.log, 0);
  bench.append("access.log", "three, longer than before\n");
  bench.run(places);
  CHECK(bench.lines == std::vector<std::string>{"one", "two", "three, longer than before"});
}

TEST_CASE("a checkpoint is held by one, and what is newest counts") {
  Bench bench;
  const auto second = std::chrono::seconds{1};
  const std::vector<Place> first{{"log", 1, 2, 3, 4, 5, 6, 7}}, later{{"log", 1, 2, 3, 4, 50, 60, 70}};
  {
    auto checkpoint = Checkpoint::open(bench.path("place"));
    REQUIRE(checkpoint.has_value());
    CHECK_FALSE(checkpoint->places().has_value());
    CHECK(Checkpoint::open(bench.path("place")).error().code == xlimit::base::Exit::kTemporary);
    const std::chrono::steady_clock::time_point start{second * 100};
    CHECK(checkpoint->save(first, start).has_value());
    CHECK(checkpoint->save(later, start + second / 2).has_value());  // too soon to be synced
  }
  CHECK(*Checkpoint::open(bench.path("place"))->places() == later);
  bench.append("place.now", "torn");
  fs::resize_file(bench.path("place.now"), 30);
  CHECK(*Checkpoint::open(bench.path("place"))->places() == first);
  fs::resize_file(bench.path("place"), 10);
  CHECK(Checkpoint::open(bench.path("place")).error().code == xlimit::base::Exit::kData);
}

TEST_CASE("a checkpoint that could not be written is tried again") {
  Bench bench;
  const std::vector<Place> places{{"log", 1, 2, 3, 4, 5, 6, 7}};
  const std::chrono::steady_clock::time_point start{std::chrono::seconds{100}};
  fs::create_directories(bench.path("here"));
  auto checkpoint = Checkpoint::open(bench.path("here/place"));
  REQUIRE(checkpoint.has_value());
  fs::rename(bench.path("here"), bench.path("away"));
  CHECK_FALSE(checkpoint->save(places, start).has_value());
  fs::rename(bench.path("away"), bench.path("here"));
  CHECK(checkpoint->save(places, start + Checkpoint::kPeriod).has_value());
  CHECK(fs::exists(bench.path("here/place")));
}

TEST_CASE("a deleted log that has been quiet is given up, and one that is there is not") {
  Bench bench;
  bench.append("access.log", "one\nhalf");
  Follower follower{bench.log, bench.sink()};
  REQUIRE(follower.begin(From::start).has_value());
  const auto later = std::chrono::steady_clock::now() + Follower::kQuiet * 2;
  CHECK_FALSE(follower.give_up_deleted(later));
  fs::remove(bench.log);
  CHECK_FALSE(follower.give_up_deleted(std::chrono::steady_clock::now()));
  CHECK(follower.give_up_deleted(later));
  CHECK_FALSE(follower.is_open());
  CHECK(bench.lines == std::vector<std::string>{"one", "half"});
}
