// SPDX-License-Identifier: MIT
// The lock on a file that may be replaced at any moment.
#pragma once

#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "base/result.h"

namespace xlimit::journal {

// `how` as that of flock(2). Fails with kTemporary when other processes hold the lock for as long as
// `patience`.
inline base::Result<void> lock(int fd, int how, const std::string& path, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, how | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return base::os_error("lock '" + path + "'");
    if (std::chrono::steady_clock::now() >= deadline)
      return base::fail(base::Exit::kTemporary, "'" + path + "' is locked by another process");
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  return {};
}

// Has the file this name now?
inline bool is_named(int fd, const std::string& path) {
  struct stat ours {
  }, named{};
  return ::fstat(fd, &ours) == 0 && ::lstat(path.c_str(), &named) == 0 && named.st_ino == ours.st_ino &&
         named.st_dev == ours.st_dev;
}

}  // namespace xlimit::journal
