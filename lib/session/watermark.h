// SPDX-License-Identifier: MIT
// How late it is for everybody: a low quantile of the times of the last 192 to 256 lines.
//
// A line's time may be forged, or of a node whose clock is wrong: at the word of a few lines of a time to
// come nothing of others is forgotten, and because of a few from long ago everything is not kept for ever. Of
// each four times the second lowest goes one level up, and what goes up from the last level is a mark; the
// lowest of the last three marks is the answer. When lines come well mixed it takes nearly every fourth to
// hold it back, and more than half to move it on: the fixed point of p = 1 - (1-p)^4 - 4p(1-p)^3 is 0.23.
// After Rousseeuw and Bassett, The Remedian (1990), who take medians.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "session/policy.h"

namespace xlimit::session {

class Watermark {
 public:
  static constexpr std::uint64_t kBlock = 64;  // lines to a mark

  void add(Time line) {
    last_ = line;
    Time time = line;
    std::uint64_t rest = lines_++;
    for (std::size_t level = 0; level < kLevels; ++level, rest /= 4) {
      Time* const waiting = &times_[level * 3];
      if (rest % 4 < 3) {
        waiting[rest % 4] = time;
        return;
      }
      time = second_lowest({waiting[0], waiting[1], waiting[2], time});
    }
    std::shift_right(times_.begin() + kMarks, times_.end(), 1);
    times_[kMarks] = time;
  }

  // At most the time of the last line. Before there are all marks the beginning of time: of so few lines
  // nothing has to be forgotten.
  Time get() const {
    if (!counts(times_.size() - 1)) return Time{};
    return std::min(last_, *std::min_element(times_.begin() + kMarks, times_.end()));
  }
  // The last line's; the end of time when there was none yet.
  Time last() const { return last_; }

  // What a state file keeps: how many lines there were, the last one's time, and those that count.
  std::uint64_t lines() const { return lines_; }
  std::vector<Time> times() const {
    std::vector<Time> times;
    for (std::size_t at = 0; at < times_.size(); ++at) {
      if (counts(at)) times.push_back(times_[at]);
    }
    return times;
  }
  // False when there are not as many times as count after so many lines; then nothing is restored.
  bool restore(std::uint64_t lines, Time last, std::span<const Time> times) {
    Watermark restored;
    restored.lines_ = lines;
    if (lines > 0) restored.last_ = last;
    for (std::size_t at = 0; at < times_.size(); ++at) {
      if (!restored.counts(at)) continue;
      if (times.empty()) return false;
      restored.times_[at] = times.front();
      times = times.subspan(1);
    }
    if (!times.empty()) return false;
    *this = restored;
    return true;
  }

 private:
  static constexpr std::size_t kLevels = 3, kMarks = 3 * kLevels;

  static Time second_lowest(std::array<Time, 4> times) {
    std::ranges::nth_element(times, times.begin() + 1);
    return times[1];
  }
  bool counts(std::size_t at) const {
    const std::size_t level = at / 3;
    const std::uint64_t times = lines_ >> (2 * level);
    return (level < kLevels ? times % 4 : times) > at % 3;
  }

  std::uint64_t lines_ = 0;
  Time last_ = Time::max();
  // On each level up to three that wait for a fourth, as many as the number of lines has there as a digit to
  // the base four; then the last marks, the newest first.
  std::array<Time, kMarks + 3> times_{};
};

}  // namespace xlimit::session
