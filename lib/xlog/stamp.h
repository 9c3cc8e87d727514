// SPDX-License-Identifier: MIT
// The core's own time stamp, "2026/06/01 12:00:00.123456", in the log's zone.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/zone.h"

namespace xlimit::xlog {

// Where a local minute may lie; base::to_utc, or a test's own.
using Zone = std::function<base::UtcCandidates(base::LocalMinute)>;

// "2026/06/01 12:00:00" and a fraction of one to nine digits: how many characters at the front of `text` have
// that shape. 0 when none. The values are not looked at.
std::size_t stamp_length(std::string_view text);

// Where the shape "2026/06/01 12:00" begins for the first time in `text`; npos when nowhere.
std::size_t find_stamp(std::string_view text);

// Turns stamps into times. The minute is cached: neighbouring lines nearly always share it; and so are the
// days on which no clock was changed, because asking for a zone's offset takes longer than reading a line. Of
// a minute that the clock showed twice the first showing is meant, unless that lies before what was read
// already.
class Clock {
 public:
  explicit Clock(Zone zone) : zone_(std::move(zone)) {}

  // Reads the stamp at the front of `text` and takes it off: it is newest() then. False, and nothing taken,
  // when there is none or it is no date.
  bool take(std::string_view& text);
  base::Time newest() const { return last_; }
  // A local date and time from another shape of stamp. Absent when there is no such date.
  std::optional<base::Time> local(int year, int month, int day, int hour, int minute, int second);

  std::optional<base::Time> last() const { return has_last_ ? std::optional{last_} : std::nullopt; }
  void set_last(base::Time time) {
    last_ = time;
    has_last_ = true;
  }

 private:
  base::Time resolve(base::UtcCandidates when, std::chrono::seconds second) const;
  bool read_minute(const char* text);
  base::UtcCandidates to_utc(base::LocalMinute minute);

  struct Day {
    std::chrono::local_days date{};
    base::Time start{};
    bool even = false;  // 24 hours long: all its minutes follow from the first
  };

  static constexpr std::size_t kMinuteLength = 17;  // "2026/06/01 12:00:"
  Zone zone_;
  std::array<Day, 32> days_{};  // by the date's number
  char cached_text_[kMinuteLength] = {};
  base::UtcCandidates cached_;
  base::Time last_;
  bool has_last_ = false;
};

// The number that `count` digits at `text` make; -1 when one is no digit.
int digits(const char* text, std::size_t count);

}  // namespace xlimit::xlog
