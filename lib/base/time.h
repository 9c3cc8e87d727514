// SPDX-License-Identifier: MIT
// Points in time as events carry them: RFC 3339, UTC, microseconds, Z.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace xlimit::base {

// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

// Length of format_time's text: 2026-06-01T12:00:00.123456Z
inline constexpr std::size_t kTimeLength = 27;

// Writes kTimeLength characters to `out` (years 0000 to 9999; others are clamped) and returns the end.
char* format_time(Time time, char* out);

// Reads RFC 3339 with any number of fraction digits (those beyond microseconds are cut) and any offset.
// Absent when the text is not a valid date and time.
std::optional<Time> parse_time(std::string_view text);

}  // namespace xlimit::base
