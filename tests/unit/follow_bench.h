// SPDX-License-Identifier: MIT
// A folder of its own for a log, and what a follower of it gave.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "follow/follower.h"

namespace bench {

namespace fs = std::filesystem;
using xlimit::follow::Follower;
using xlimit::follow::From;
using xlimit::follow::Gap;
using xlimit::follow::Unpacker;
using Lines = std::vector<std::string>;

struct Bench {
  fs::path folder = fs::temp_directory_path() / ("xlimit-follow-" + std::to_string(::getpid()));
  std::string log = path("access.log");
  Lines lines, halves, warnings;
  std::vector<std::pair<Gap, std::uint64_t>> gaps;

  Bench() { fs::create_directories(folder); }
  ~Bench() { fs::remove_all(folder); }
  std::string path(const std::string& name) const { return (folder / name).string(); }
  void append(const std::string& name, const std::string& text) const {
    std::ofstream{path(name), std::ios::app} << text;
  }
  // A new file that is born later than that one, where the file system tells of births.
  void append_younger(const std::string& than, const std::string& name, const std::string& text) const {
    const auto birth = [&](const std::string& one) { return xlimit::follow::look_at(path(one))->file.birth; };
    do {
      fs::remove(path(name));
      append(name, text);
    } while (birth(name) != 0 && birth(name) == birth(than));
  }
  // As an editor or copytruncate does: the file stays the same.
  void overwrite(const std::string& name, const std::string& text) const {
    std::ofstream{path(name)} << text;
  }
  void rename(const std::string& from, const std::string& to) const { fs::rename(path(from), path(to)); }
  void copy(const std::string& from, const std::string& to) const {
    fs::copy_file(path(from), path(to), fs::copy_options::overwrite_existing);
  }
  // The two ways of rotation: the log gets another name, or another file its content. It holds `next` then.
  void rotate(const std::string& to, const std::string& next) const {
    rename("access.log", to);
    append("access.log", next);
  }
  void copytruncate(const std::string& to, const std::string& next) const {
    copy("access.log", to);
    overwrite("access.log", next);
  }
  // All of these files were last written at one moment.
  void same_time(const Lines& names) const {
    const auto now = fs::file_time_type::clock::now();
    for (const std::string& name : names) fs::last_write_time(path(name), now);
  }

  Follower::Sink sink() {
    return {.piece = [this](const xlimit::stream::Piece& piece) { lines.emplace_back(piece.text); },
            .half = [this](std::string_view text) { halves.emplace_back(text); },
            .gap = [this](Gap gap, std::uint64_t bytes) { gaps.emplace_back(gap, bytes); },
            .warning = [this](const std::string& text) { warnings.push_back(text); }};
  }
  // The lines that came, for a test that fails to be read.
  std::string given() const {
    std::string all;
    for (const std::string& line : lines) all += (all.empty() ? "" : "|") + line;
    return all;
  }
  std::string gap_list() const {
    std::string all;
    for (const auto& [gap, bytes] : gaps)
      all += (all.empty() ? "" : " ") + std::string{gap == Gap::lost ? "lost " : "truncated "} +
             std::to_string(bytes);
    return all;
  }
  static void read_all(Follower& follower) {
    follower.touch_all();
    while (follower.read()) continue;
  }
  static std::string state_of(const Follower& follower) {
    std::string state;
    follower.append_state(state);
    return state;
  }
  void resume(Follower& follower, const std::string& state) const {
    const auto parsed = xlimit::follow::parse_state(state);
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->find(log) != nullptr);
    REQUIRE(follower.resume(*parsed->find(log)).has_value());
  }
  // A run from `state`, or from the start, to the end of what is there; where it is then.
  std::string run(const std::string& state = {}) {
    Follower follower{log, sink()};
    if (state.empty())
      REQUIRE(follower.begin(From::start).has_value());
    else
      resume(follower, state);
    read_all(follower);
    return state_of(follower);
  }
  // The same over a log that holds `text`.
  std::string first_run(const std::string& text) {
    append("access.log", text);
    return run();
  }
};

inline void look(Follower& follower) {
  follower.look_around();
  Bench::read_all(follower);
}

// A follower of a log that holds `text`, all of it read or, from its end, left.
inline std::unique_ptr<Follower> follow(Bench& bench, const std::string& text, From from = From::start) {
  bench.append("access.log", text);
  auto follower = std::make_unique<Follower>(bench.log, bench.sink());
  REQUIRE(follower->begin(from).has_value());
  Bench::read_all(*follower);
  return follower;
}

// One that gives a line for each read(), and holds the others back.
inline std::unique_ptr<Follower> by_line(Bench& bench) {
  const auto self = std::make_shared<Follower*>();
  Follower::Sink sink = bench.sink();
  sink.piece = [&bench, self](const xlimit::stream::Piece& piece) {
    bench.lines.emplace_back(piece.text);
    (*self)->hold_back();
  };
  auto follower = std::make_unique<Follower>(bench.log, std::move(sink));
  *self = follower.get();
  return follower;
}

inline void pack(const std::string& packer, const Bench& bench, const std::string& name) {
  REQUIRE(std::system((packer + " '" + bench.path(name) + "'").c_str()) == 0);
}
inline void gzip(const Bench& bench, const std::string& name) { pack("gzip", bench, name); }
inline void make_old(const Bench& bench, const std::string& name) {
  fs::last_write_time(bench.path(name), fs::file_time_type::clock::now() - std::chrono::hours{1});
}
// Compresses it, and takes away what it then holds.
inline std::string begin_to_gzip(const Bench& bench, const std::string& name) {
  gzip(bench, name);
  std::stringstream whole;
  whole << std::ifstream{bench.path(name + ".gz")}.rdbuf();
  bench.overwrite(name + ".gz", "");
  return whole.str();
}

}  // namespace bench
