// SPDX-License-Identifier: MIT
// How late it is for everybody: the lowest time of the last 128 to 256 lines.
//
// One line's time may be forged, or of a node whose clock is wrong: at its word nothing of others is
// forgotten, and because of one from long ago everything is not kept for ever.
#pragma once

#include <algorithm>
#include <cstdint>

#include "session/policy.h"

namespace xlimit::session {

class Watermark {
 public:
  static constexpr std::uint32_t kBlock = 128;

  // What of it is kept in a state file.
  struct Lines {
    Time lowest = Time::max();  // of the last `count` lines
    Time before = Time::max();  // of the kBlock lines before these
    std::uint32_t count = 0;    // with strays
    std::uint32_t strays = 0;   // lines from long before the mark, which do not count
    bool operator==(const Lines&) const = default;
  };

  void add(Time line) {
    last_ = line;
    if (lines_.count == kBlock) lines_ = {.lowest = Time::max(), .before = lines_.lowest};
    const bool stray = is_ahead(std::min(lines_.lowest, lines_.before), line) && has_lines();
    // So many strays are a clock that was set back.
    if (stray && ++lines_.strays > kBlock / 2) lines_ = {};
    if (!stray || lines_.strays == 0) lines_.lowest = std::min(lines_.lowest, line);
    ++lines_.count;
  }
  // At most the time of the last line; before the first one the end of time.
  Time get() const { return std::min({lines_.lowest, lines_.before, last_}); }
  // The last line's; the end of time when there was none yet.
  Time last() const { return last_; }

  const Lines& lines() const { return lines_; }
  void restore(const Lines& lines) { lines_ = lines; }

 private:
  bool has_lines() const { return lines_.lowest != Time::max() || lines_.before != Time::max(); }

  Lines lines_;
  Time last_ = Time::max();
};

}  // namespace xlimit::session
