// SPDX-License-Identifier: MIT
// Dates are recognised by shape; after one come at most a few words (host, facility, process) up to the
// core's line.
#include "xlog/prefix.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "base/time.h"

namespace xlimit::xlog {
namespace {

using std::string_view;
constexpr std::size_t kNone = string_view::npos;
constexpr string_view kByteOrderMark = "\xEF\xBB\xBF";  // some editors begin a file with it
constexpr std::size_t kLongestPrefix = 256;
constexpr int kMostWords = 8;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A date at the front of a prefix. `length` 0: none.
struct Date {
  std::size_t length = 0;
  std::optional<base::Time> at;
};

std::size_t count_digits(string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

// The length of the word at the front: up to a blank or the end.
std::size_t word_length(string_view text) { return std::min(text.find(' '), text.size()); }

int month_of(string_view text) {
  static constexpr string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t at = text.size() < 3 ? kNone : kMonths.find(text.substr(0, 3));
  return at == kNone || at % 3 != 0 ? 0 : static_cast<int>(at / 3) + 1;
}

bool is_weekday(string_view text) {
  static constexpr string_view kDays = "MonTueWedThuFriSatSun";
  const std::size_t at = text.size() < 4 || text[3] != ' ' ? kNone : kDays.find(text.substr(0, 3));
  return at != kNone && at % 3 == 0;
}

struct TimeOfDay {
  int hour, minute, second;
};

// "07:50:02" and nothing of a longer number behind it.
std::optional<TimeOfDay> time_of_day(string_view text) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return {};
  const TimeOfDay time{digits(text.data(), 2), digits(text.data() + 3, 2), digits(text.data() + 6, 2)};
  if (time.hour < 0 || time.minute < 0 || time.second < 0) return {};
  return time;
}

// The microseconds that the digits behind a point tell.
std::chrono::microseconds micros(string_view text) {
  std::int64_t value = 0;
  for (std::size_t i = 0; i < 6; ++i) value = value * 10 + (i < text.size() ? text[i] - '0' : 0);
  return std::chrono::microseconds{value};
}

// "2026-05-10T20:47:40+03:30", "2026-01-27 14:46:57.837289", "2026-01-30T17:03:38.067799123Z".
Date iso_date(string_view text, Clock& clock) {
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ')) return {};
  const std::optional<TimeOfDay> time = time_of_day(text.substr(11));
  const int year = digits(text.data(), 4), month = digits(text.data() + 5, 2),
            day = digits(text.data() + 8, 2);
  if (!time || year < 0 || month < 0 || day < 0) return {};
  const std::size_t length = 11 + word_length(text.substr(11));
  if (const std::optional<base::Time> at = base::parse_time(text.substr(0, length))) return {length, at};
  const std::size_t rest = length - 19;
  const bool plain =
      rest == 0 || ((text[19] == '.' || text[19] == ',') && count_digits(text.substr(20)) == rest - 1);
  if (!plain) return {};
  std::optional<base::Time> at = clock.local(year, month, day, time->hour, time->minute, time->second);
  if (at && rest > 1) *at += micros(text.substr(20, rest - 1));
  return {length, at};
}

// "Jan 27 14:46:57", "Jan  7 14:46:57.837289": no year, so no time.
Date syslog_date(string_view text) {
  if (text.size() < 15 || month_of(text) == 0 || text[3] != ' ' || text[6] != ' ' ||
      !time_of_day(text.substr(7)))
    return {};
  if (text[4] != ' ' && !is_digit(text[4])) return {};
  return {7 + word_length(text.substr(7)), {}};
}

// "Thu Oct 13 07:50:02 2022", as ctime(3) and logread write it, in the log's zone.
Date ctime_date(string_view text, Clock& clock) {
  if (text.size() < 24 || !is_weekday(text)) return {};
  const int month = month_of(text.substr(4));
  const int day = digits(text.data() + (text[8] == ' ' ? 9 : 8), text[8] == ' ' ? 1 : 2);
  const std::optional<TimeOfDay> time = time_of_day(text.substr(11));
  const int year = digits(text.data() + 20, 4);
  if (month == 0 || !time || year < 0) return {};
  return {24, clock.local(year, month, day, time->hour, time->minute, time->second)};
}

// "Tue 2026-01-27 14:46:57 UTC", journalctl's short-full. Only UTC says which time it is.
Date weekday_date(string_view text) {
  if (!is_weekday(text)) return {};
  const string_view rest = text.substr(4);
  if (rest.size() < 20 || rest[10] != ' ' || rest[19] != ' ') return {};
  char utc[20];
  rest.copy(utc, 19);
  utc[19] = 'Z';
  const std::optional<base::Time> at = base::parse_time({utc, sizeof utc});
  if (!at) return {};
  const string_view zone = rest.substr(20, word_length(rest.substr(20)));
  return {4 + 20 + zone.size(), zone == "UTC" ? at : std::nullopt};
}

// "1769525217.837289", journalctl's short-unix.
Date unix_date(string_view text) {
  const std::size_t seconds = count_digits(text);
  if (seconds != 10 || text.size() < 12 || text[10] != '.') return {};
  const std::size_t fraction = count_digits(text.substr(11));
  if (fraction == 0 || fraction > 9) return {};
  std::int64_t whole = 0;
  for (std::size_t i = 0; i < seconds; ++i) whole = whole * 10 + (text[i] - '0');
  return {11 + fraction, base::Time{std::chrono::seconds{whole} + micros(text.substr(11, fraction))}};
}

// "[12345.567890]", "[    5.567890 <    1.000002 >]": since boot, journalctl's short-monotonic and
// short-delta.
Date monotonic_date(string_view text) {
  if (text.empty() || text[0] != '[') return {};
  const std::size_t end = text.find_first_not_of("0123456789. <*>", 1);
  if (end == kNone || text[end] != ']') return {};
  const string_view number = text.substr(std::min(text.find_first_not_of(' ', 1), end));
  const std::size_t seconds = count_digits(number);
  if (seconds == 0 || number[seconds] != '.' || count_digits(number.substr(seconds + 1)) != 6) return {};
  return {end + 1, {}};
}

// "@4000000069a1b2c30a1b2c3d", TAI64N as s6-log t writes it: 2^62 + 10 seconds before 1970, then nanoseconds.
Date tai_date(string_view text) {
  if (text.size() < 25 || text[0] != '@') return {};
  std::uint64_t parts[2] = {};
  for (std::size_t i = 1; i < 25; ++i) {
    const char c = text[i];
    const int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return {};
    std::uint64_t& part = parts[i > 16];
    part = part << 4 | static_cast<unsigned>(digit);
  }
  constexpr std::uint64_t kEpoch = (std::uint64_t{1} << 62) + 10;
  if (parts[0] < kEpoch || parts[0] - kEpoch > 253402300799U) return {};
  const std::chrono::seconds whole{parts[0] - kEpoch};
  return {25, base::Time{whole + std::chrono::microseconds{parts[1] / 1000}}};
}

Date read_date(string_view text, Clock& clock) {
  for (const Date& date : {iso_date(text, clock), syslog_date(text), ctime_date(text, clock),
                           weekday_date(text), unix_date(text), monotonic_date(text), tai_date(text)}) {
    if (date.length != 0 && (text.size() == date.length || text[date.length] == ' ')) return date;
  }
  return {};
}

std::size_t skip_blanks(string_view line, std::size_t at) {
  while (at < line.size() && line[at] == ' ') ++at;
  return at;
}

// "<30>" or "<30>1 " of syslog's own protocols.
std::size_t priority_length(string_view text) {
  if (text.empty() || text[0] != '<') return 0;
  const std::size_t number = count_digits(text.substr(1));
  if (number == 0 || number > 3 || text.size() < number + 2 || text[number + 1] != '>') return 0;
  const std::size_t length = number + 2;
  const string_view rest = text.substr(length);
  return rest.size() > 2 && is_digit(rest[0]) && rest[1] == ' ' ? length + 2 : length;
}

// "remnanode  | " of docker compose.
std::size_t container_length(string_view text) {
  const std::size_t name = word_length(text);
  if (name == 0 || name > 64) return 0;
  const std::size_t bar = skip_blanks(text, name);
  return bar > name && bar + 1 < text.size() && text[bar] == '|' && text[bar + 1] == ' '
             ? skip_blanks(text, bar + 1)
             : 0;
}

// Does the core's line begin here?
bool begins_line(string_view text) {
  if (stamp_length(text) != 0 || text.starts_with("from ") || is_level(text)) return true;
  const string_view behind = text.substr(word_length(text));
  return behind.starts_with(" accepted ") || behind.starts_with(" rejected ");
}

// From behind a date to the core's line: a few words, the last of which ends in a colon when the line itself
// cannot be told. npos when there is no such place.
std::size_t skip_words(string_view line, std::size_t at) {
  for (int words = 0; words < kMostWords && at < line.size(); ++words) {
    if (begins_line(line.substr(at))) return at;
    const std::size_t end = at + word_length(line.substr(at));
    if (line[end - 1] == ':') return skip_blanks(line, end);
    at = skip_blanks(line, end);
  }
  return kNone;
}

// "xray[23519]: ", "xray: ", "[Xray] ": one word that names who speaks.
std::size_t tag_length(string_view text) {
  const std::size_t length = word_length(text);
  if (length < 2 || length >= text.size() || length > 64) return 0;
  const string_view word = text.substr(0, length);
  const bool named = word.back() == ':' && !is_digit(word[0]) && word[0] != '[';
  const bool bracketed =
      word.front() == '[' && word.back() == ']' && !is_level(text) && word.find(':') == kNone;
  return named || bracketed ? skip_blanks(text, length) : 0;
}

// Words that a program may put before a line, and no piece of a record: no address, arrow or field.
bool is_harmless(string_view text) {
  if (text.empty() || text.back() != ' ' || text.size() > 64) return false;
  for (const string_view trace : {"accepted", "rejected", "email", "from ", "->", ">>", "==>", "] ", "://"}) {
    if (text.find(trace) != kNone) return false;
  }
  for (std::size_t colon = text.find(':'); colon != kNone; colon = text.find(':', colon + 1)) {
    if (colon + 1 < text.size() && is_digit(text[colon + 1])) return false;
  }
  return !is_digit(text[0]) && std::count(text.begin(), text.end(), ' ') <= kMostWords;
}

}  // namespace

bool is_level(string_view text) {
  if (text.empty() || text[0] != '[') return false;
  for (const string_view level : {"[Info]", "[Debug]", "[Warning]", "[Error]", "[Unknown]"}) {
    if (text.starts_with(level)) return true;
  }
  return false;
}

std::size_t v2raya_length(string_view text) {
  if (text.size() < 6 || text[0] != '[' || text[2] != ']' || text[3] != ' ' || text[4] != '[') return 0;
  if (string_view{"TDIWEFA"}.find(text[1]) == kNone) return 0;
  const std::size_t end = text.find("] ", 4);
  if (end == kNone || text.substr(4, end - 4).find(".go:") == kNone) return 0;
  return end + 2;
}

std::size_t find_verb(string_view text) {
  for (std::size_t blank = text.find(' '); blank != kNone; blank = text.find(' ', blank + 1)) {
    const string_view behind = text.substr(blank + 1, 9);
    if (behind.starts_with("accepted") || behind.starts_with("rejected")) {
      if (behind.size() == 8 || behind[8] == ' ') return blank;
    }
  }
  return kNone;
}

Prefix read_prefix(string_view line, Clock& clock) {
  const string_view head = line.substr(0, kLongestPrefix);
  std::size_t at = head.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  at += priority_length(head.substr(at));
  at += container_length(head.substr(at));
  if (const Date date = read_date(head.substr(at), clock); date.length != 0) {
    const std::size_t body = skip_words(head, skip_blanks(head, at + date.length));
    if (body != kNone) return {body, date.at};
  }
  if (at < head.size() && begins_line(head.substr(at))) return {at, {}};
  if (const std::size_t tag = tag_length(head.substr(at)); tag != 0) return {at + tag, {}};
  if (at != 0) return {at, {}};
  const std::size_t stamp = find_stamp(head);
  if (stamp == kNone) return {};
  return {stamp, {}, is_harmless(head.substr(0, stamp))};
}

}  // namespace xlimit::xlog
