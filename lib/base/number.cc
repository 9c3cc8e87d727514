// SPDX-License-Identifier: MIT
// Durations: a count and a unit.
#include "base/number.h"

#include <array>

namespace xlimit::base {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 4> kUnits{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

}  // namespace

Result<std::chrono::seconds> parse_duration(std::string_view text) {
  std::int64_t factor = 1;
  std::string_view digits = text;
  for (const Unit& unit : kUnits) {
    if (!text.empty() && text.back() == unit.letter) {
      factor = unit.seconds;
      digits.remove_suffix(1);
    }
  }
  Result<std::uint32_t> count = parse_number<std::uint32_t>(digits);
  if (!count)
    return fail(Exit::kUsage,
                "'" + std::string{text} + "' is not a duration; write seconds, or 5s, 2m, 1h, 7d");
  if (std::int64_t{*count} * factor > kLongestDuration.count())
    return fail(Exit::kUsage, "'" + std::string{text} + "' is longer than 100 years");
  return std::chrono::seconds{std::int64_t{*count} * factor};
}

std::string format_duration(std::chrono::seconds duration) {
  for (const Unit& unit : kUnits) {
    if (duration.count() != 0 && duration.count() % unit.seconds == 0)
      return std::to_string(duration.count() / unit.seconds) + unit.letter;
  }
  return std::to_string(duration.count()) + "s";
}

}  // namespace xlimit::base
