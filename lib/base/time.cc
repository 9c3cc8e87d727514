// SPDX-License-Identifier: MIT
// RFC 3339, both ways. The minute is cached on both sides: neighbouring events nearly always share it,
// and calendar arithmetic is most of the cost.
#include "base/time.h"

#include <algorithm>
#include <cstring>

#include "base/digits.h"

namespace xlimit::base {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMinuteLength = 17;  // 2026-06-01T12:00:

void format_minute(Time minute, char* out) {
  const auto day = std::chrono::floor<days>(minute);
  const std::chrono::year_month_day date{day};
  const auto of_day = static_cast<unsigned>(std::chrono::floor<minutes>(minute - day).count());
  const auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999));
  put_pair(year / 100, out);
  put_pair(year % 100, out + 2);
  out[4] = '-';
  put_pair(static_cast<unsigned>(date.month()), out + 5);
  out[7] = '-';
  put_pair(static_cast<unsigned>(date.day()), out + 8);
  out[10] = 'T';
  put_pair(of_day / 60, out + 11);
  out[13] = ':';
  put_pair(of_day % 60, out + 14);
  out[16] = ':';
}

// Decimal digits only; -1 when there is anything else.
int digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

struct Fraction {
  microseconds value{};
  std::size_t length = 0;  // with its point; 0 when there is none
};

Fraction parse_fraction(std::string_view text) {
  if (text.empty() || (text[0] != '.' && text[0] != ',')) return {};
  std::size_t end = 1;
  std::int64_t value = 0;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
    if (end <= 6) value = value * 10 + (text[end] - '0');
    ++end;
  }
  for (std::size_t have = end - 1; have < 6; ++have) value *= 10;
  return {microseconds{value}, end};
}

// "Z", "+03:30", "-0700".
std::optional<minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return minutes{0};
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return {};
  if (text.size() != (text[3] == ':' ? 6 : 5)) return {};
  const int hour = digits(text.substr(1, 2));
  const int minute = digits(text.substr(text[3] == ':' ? 4 : 3));
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return {};
  const minutes offset = hours{hour} + minutes{minute};
  return text[0] == '-' ? -offset : offset;
}

std::optional<Time> parse_minute(std::string_view text) {
  const int year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)),
            day = digits(text.substr(8, 2));
  const int hour = digits(text.substr(11, 2)), minute = digits(text.substr(14, 2));
  const bool separated = text[4] == '-' && text[7] == '-' &&
                         (text[10] == 'T' || text[10] == 't' || text[10] == ' ') && text[13] == ':' &&
                         text[16] == ':';
  if (!separated || year < 0 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59)
    return {};
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return {};
  return std::chrono::sys_days{date} + hours{hour} + minutes{minute};
}

}  // namespace

char* format_time(Time time, char* out) {
  thread_local Time minute{};
  thread_local char text[kMinuteLength + 1] = "1970-01-01T00:00:";
  if (time < minute || time - minute >= minutes{1}) {
    minute = std::chrono::floor<minutes>(time);
    format_minute(minute, text);
  }
  std::memcpy(out, text, kMinuteLength);
  auto micros = static_cast<unsigned>((time - minute).count());
  put_pair(micros / 1000000, out + 17);
  micros %= 1000000;
  out[19] = '.';
  put_pair(micros / 10000, out + 20);
  put_pair(micros / 100 % 100, out + 22);
  put_pair(micros % 100, out + 24);
  out[26] = 'Z';
  return out + kTimeLength;
}

std::optional<Time> parse_time(std::string_view text) {
  thread_local char cached_text[kMinuteLength];
  thread_local std::optional<Time> cached_minute;
  if (text.size() < kMinuteLength + 3) return {};
  if (!cached_minute || std::memcmp(cached_text, text.data(), kMinuteLength) != 0) {
    cached_minute = parse_minute(text);
    std::memcpy(cached_text, text.data(), kMinuteLength);
  }
  if (!cached_minute) return {};
  const int second = digits(text.substr(17, 2));
  if (second < 0 || second > 60) return {};
  const Fraction fraction = parse_fraction(text.substr(19));
  const std::optional<minutes> offset = parse_offset(text.substr(19 + fraction.length));
  if (!offset) return {};
  return *cached_minute + seconds{second} + fraction.value - *offset;
}

}  // namespace xlimit::base
