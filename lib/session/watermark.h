// SPDX-License-Identifier: MIT
// How late it is for everybody: the lowest time of the last 128 to 256 lines.
//
// One line's time may be forged, or of a node whose clock is wrong: at its word nothing of others is
// forgotten.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace xlimit::session {

using base::Time;

class Watermark {
 public:
  static constexpr std::uint32_t kBlock = 128;

  // What of it is kept in a state file.
  struct Lines {
    Time lowest = Time::max();  // of the last `count` lines
    Time before = Time::max();  // of the kBlock lines before these
    std::uint32_t count = 0;
    bool operator==(const Lines&) const = default;
  };

  void add(Time line) {
    if (lines_.count == kBlock) lines_ = {.lowest = Time::max(), .before = lines_.lowest, .count = 0};
    lines_.lowest = std::min(lines_.lowest, line);
    ++lines_.count;
  }
  // At most the time of the last line; before the first one the end of time.
  Time get() const { return std::min(lines_.lowest, lines_.before); }

  const Lines& lines() const { return lines_; }
  void restore(const Lines& lines) { lines_ = lines; }

 private:
  Lines lines_;
};

}  // namespace xlimit::session
