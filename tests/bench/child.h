// SPDX-License-Identifier: MIT
// A program that a benchmark runs, with pipes to and from it.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/fd.h"

extern char** environ;

namespace bench {

using xlimit::base::Fd;

[[noreturn]] inline void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// `in` and `out` become its stdin and stdout, unless -1.
inline pid_t start(char** command, int in, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (in >= 0) posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  if (out >= 0) posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  pid_t pid = -1;
  if (const int error = posix_spawnp(&pid, command[0], &actions, nullptr, command, environ); error != 0) {
    errno = error;
    die(command[0]);
  }
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

inline void end(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) < 0 || status != 0) {
    std::fprintf(stderr, "bench: the program failed\n");
    std::exit(1);
  }
}

class Child {
 public:
  explicit Child(char** command) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0) die("pipe");
    const Fd in{to[0]}, out{from[1]};
    in_ = Fd{to[1]};
    out_ = Fd{from[0]};
    pid_ = start(command, in.get(), out.get());
  }
  int in() const { return in_.get(); }
  int out() const { return out_.get(); }
  // Ends its input and waits for its end.
  void finish() {
    in_ = Fd{};
    end(pid_);
  }

 private:
  Fd in_, out_;
  pid_t pid_ = -1;
};

// p50, p90, p99, the longest, and how many there are.
inline void print_percentiles(std::vector<double> times) {
  std::ranges::sort(times);
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(times.size()));
    return times[std::min(times.size() - 1, index)];
  };
  std::printf("%8.0f %8.0f %8.0f %8.0f   %zu\n", at(0.5), at(0.9), at(0.99), times.back(), times.size());
}

}  // namespace bench
