// SPDX-License-Identifier: MIT
// Keeps several ipban processes of one network namespace from extending the same ban at once.
#include "sets/lock.h"

#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

namespace xlimit::sets {

// The namespace itself is the file that is locked: it is what the sets belong to, and needs no directory.
Lock::Lock() : fd_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{100};
  while (fd_ && ::flock(fd_.get(), LOCK_EX | LOCK_NB) < 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::microseconds{200});
}

}  // namespace xlimit::sets
