// SPDX-License-Identifier: MIT
// Fixed offsets and a cached minute; anything that is not exactly the shape is none.
#include "xlog/stamp.h"

#include <chrono>
#include <cstring>

#include "base/digits.h"

namespace xlimit::xlog {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kStampLength = 19;  // without a fraction
// How far lines may be out of order before a repeated minute is taken for its second showing. The core's one
// logger stamps lines as it writes them, so they are in order unless the clock was set.
constexpr seconds kSlack{2};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `shape` has '0' where a digit must stand and anything else where itself must.
bool has_shape(std::string_view text, std::string_view shape) {
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  }
  return true;
}

// The length of ".123456" at the front of `text`; 0 when there is none or more than nine digits.
std::size_t fraction_length(std::string_view text) {
  if (text.size() < 2 || text[0] != '.') return 0;
  std::size_t end = 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end > 1 && end <= 10 ? end : 0;
}

microseconds fraction(std::string_view text) {
  std::int64_t value = 0;
  for (std::size_t i = 1; i <= 6; ++i) value = value * 10 + (i < text.size() ? text[i] - '0' : 0);
  return microseconds{value};
}

// Takes a whole stamp off when it has a fraction of six digits and a blank behind it.
std::optional<microseconds> take_micros(std::string_view& text) {
  if (text.size() < 27 || text[kStampLength] != '.' || text[26] != ' ') return {};
  const std::uint64_t micros = base::load_digits(text.data() + 18) & ~std::uint64_t{0xffff};  // less "0."
  if (!base::are_digits(micros)) return {};
  text.remove_prefix(26);
  return microseconds{base::join_digits(micros)};
}

std::optional<base::LocalMinute> make_minute(int year, int month, int day, int hour, int minute) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  const bool valid =
      month > 0 && day > 0 && date.ok() && hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
  if (!valid) return {};
  return std::chrono::local_days{date} + hours{hour} + minutes{minute};
}

}  // namespace

int digits(const char* text, std::size_t count) {
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::size_t stamp_length(std::string_view text) {
  if (!has_shape(text, "0000/00/00 00:00:00")) return 0;
  return kStampLength + fraction_length(text.substr(kStampLength));
}

std::size_t find_stamp(std::string_view text) {
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos;
       slash = text.find('/', slash + 1)) {
    if (slash >= 4 && has_shape(text.substr(slash - 4), "0000/00/00 00:00")) return slash - 4;
  }
  return std::string_view::npos;
}

base::Time Clock::resolve(base::UtcCandidates when, seconds second) const {
  const base::Time first = when.first + second;
  return has_last_ && first < last_ - kSlack ? when.second + second : first;
}

std::optional<base::Time> Clock::local(int year, int month, int day, int hour, int minute, int second) {
  const std::optional<base::LocalMinute> local = make_minute(year, month, day, hour, minute);
  if (!local || second < 0 || second > 59) return {};
  set_last(resolve(to_utc(*local), seconds{second}));
  return last_;
}

base::UtcCandidates Clock::to_utc(base::LocalMinute minute) {
  const auto date = std::chrono::floor<std::chrono::days>(minute);
  Day& day = days_[static_cast<std::size_t>(date.time_since_epoch().count()) % days_.size()];
  if (day.date != date) {
    const base::UtcCandidates begin = zone_(date), end = zone_(date + hours{23} + minutes{59});
    const bool once = begin.first == begin.second && end.first == end.second;
    day = {date, begin.first, once && end.first - begin.first == hours{23} + minutes{59}};
  }
  if (!day.even) return zone_(minute);
  const base::Time at = day.start + (minute - date);
  return {at, at};
}

bool Clock::read_minute(const char* text) {
  if (!has_shape({text, kMinuteLength}, "0000/00/00 00:00:")) return false;
  const std::optional<base::LocalMinute> local = make_minute(
      digits(text, 4), digits(text + 5, 2), digits(text + 8, 2), digits(text + 11, 2), digits(text + 14, 2));
  if (!local) return false;
  cached_ = to_utc(*local);
  std::memcpy(cached_text_, text, kMinuteLength);
  return true;
}

bool Clock::take(std::string_view& text) {
  if (text.size() < kStampLength) return false;
  if (std::memcmp(text.data(), cached_text_, kMinuteLength) != 0 && !read_minute(text.data())) return false;
  const int second = digits(text.data() + kMinuteLength, 2);
  if (second < 0 || second > 59) return false;
  base::Time at = resolve(cached_, seconds{second});
  if (const std::optional<microseconds> micros = take_micros(text)) {  // as the core writes it
    at += *micros;
  } else {
    const std::size_t length = fraction_length(text.substr(kStampLength));
    at += fraction(text.substr(kStampLength, length));
    text.remove_prefix(kStampLength + length);
  }
  set_last(at);
  return true;
}

}  // namespace xlimit::xlog
