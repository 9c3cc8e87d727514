// SPDX-License-Identifier: MIT
// Opens rotated files, and remembers which compressed ones could not be unpacked, and why: gigabytes are not
// unpacked at every look.
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "base/result.h"
#include "follow/log_file.h"
#include "follow/siblings.h"

namespace xlimit::follow {

class Unpacker {
 public:
  // The least time between two tries to unpack what there was no room for.
  static constexpr std::chrono::seconds kRetry{10};
  // Files that are remembered.
  static constexpr std::size_t kMostFailed = 1000;

  // The logs whose rotated files they are; kept by the caller.
  explicit Unpacker(const Logs& logs) : logs_(logs) {}

  // As open_sibling() does. One that could not be unpacked fails as it did until it has changed, and one that
  // there was no room for until retry().
  base::Result<LogFile> open(const Sibling& sibling);
  // Could it not be unpacked, whatever it holds: is there no room, no memory, no descriptor?
  bool is_foiled(const Sibling& packed) const;
  // Can it not be unpacked, for that or for what it holds?
  bool is_unreadable(const Sibling& packed);
  // Lets those that were foiled be tried again when kRetry is over. Whether there were any.
  bool retry(std::chrono::steady_clock::time_point now);

 private:
  const Logs& logs_;
  std::vector<std::pair<Facts, base::Error>> failed_;  // as they were then
  std::chrono::steady_clock::time_point retried_;
};

}  // namespace xlimit::follow
