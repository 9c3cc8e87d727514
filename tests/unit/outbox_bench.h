// SPDX-License-Identifier: MIT
// A folder of its own for a checkpoint and what goes out beside it.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "outbox/outbox.h"

namespace bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using xlimit::base::Fd;
using xlimit::outbox::Outbox;

inline constexpr std::chrono::steady_clock::time_point kStart{100s};

struct Bench {
  fs::path folder = fs::temp_directory_path() / ("xlimit-outbox-" + std::to_string(::getpid()));
  std::string path = (folder / "place").string();

  Bench() { fs::create_directories(folder); }
  ~Bench() { fs::remove_all(folder); }
  std::string file(const std::string& name) const { return (folder / name).string(); }
  Fd append(const std::string& name) const {
    return Fd{::open(file(name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  }
  std::string content(const std::string& name) const {
    std::ifstream in{file(name)};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  Outbox open(int fd, bool resume = true) const {
    auto out = Outbox::open(fd, path, resume);
    REQUIRE(out.has_value());
    return std::move(*out);
  }
};

inline std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += "line " + std::to_string(i) + std::string(200, '.') + "\n";
  return text;
}

inline void put(Outbox& out, const std::string& text, const std::string& state) {
  out.write(text);
  out.commit(state);
}

}  // namespace bench
