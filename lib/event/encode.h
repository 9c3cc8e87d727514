// SPDX-License-Identifier: MIT
// Events to lines.
//
//   event::Line line;                       // one buffer, reused
//   output.write(event::encode(ban, line)); // '{"type":"ban",...}\n'
//
// A line never exceeds kMaxLine: a host or reason that is too long is cut, at a character, and so is every
// other free text that a producer should have refused. Bytes that are not UTF-8 become U+FFFD; control
// characters are escaped. The view is valid until the next encode into the same Line.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "event/event.h"

namespace xlimit::event {

using Line = std::array<char, kMaxLine>;

// Longest user name, in bytes as encoded. A name that is cut would be another user's, so producers refuse it.
inline constexpr std::size_t kMaxUser = 512;
// Printable ASCII without quotes and backslashes: the same inside a JSON string.
bool is_plain(std::string_view text);
// How many bytes `text` takes as the inside of a JSON string.
std::size_t encoded_size(std::string_view text);
// `text` as the inside of a JSON string of at most `most` bytes: also safe to show on a terminal.
std::string escaped(std::string_view text, std::size_t most = 800);

// As a line says it.
std::string_view word(BanResult result);

// What every line that is encoded here about this target holds, and no other.
std::string target_text(const ip::Prefix& target);
// The same of events of direction out.
inline constexpr std::string_view kOutText = ",\"direction\":\"out\"";

std::string_view encode(const Access& event, char* out);  // which has room for kMaxLine
inline std::string_view encode(const Access& event, Line& line) { return encode(event, line.data()); }
std::string_view encode(const Violation& event, Line& line);
std::string_view encode(const Suspect& event, Line& line);
std::string_view encode(const Ban& event, Line& line);
std::string_view encode(const Banned& event, Line& line);
std::string_view encode(const Refused& event, Line& line);
std::string_view encode(const Unban& event, Line& line);
std::string_view encode(const Unbanned& event, Line& line);
// At most List::kMostTargets are written.
std::string_view encode(const List& event, Line& line);
std::string_view encode(const Killed& event, Line& line);
std::string_view encode(const Source& event, Line& line);

}  // namespace xlimit::event
