// SPDX-License-Identifier: MIT
// Numbers, durations and sizes as people write them on a command line or in a configuration file.
#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xlimit::base {

// A decimal number without sign, blanks or leading '+'. Fails with kUsage when it is none or too large for T.
template <std::unsigned_integral T>
Result<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    return fail(Exit::kUsage, "'" + std::string{text} + "' is too large");
  if (text.empty() || error != std::errc{} || end != text.data() + text.size())
    return fail(Exit::kUsage, "'" + std::string{text} + "' is not a number");
  return value;
}

inline constexpr std::chrono::seconds kLongestDuration = std::chrono::hours{24 * 365 * 100};

// "90", "90s", "2m", "1h", "7d": whole seconds, at most kLongestDuration. Fails with kUsage.
Result<std::chrono::seconds> parse_duration(std::string_view text);

// The shortest of those forms that is exact: 90s, 2m, 7d, 0s.
std::string format_duration(std::chrono::seconds duration);

}  // namespace xlimit::base
