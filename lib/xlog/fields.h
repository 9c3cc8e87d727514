// SPDX-License-Identifier: MIT
// The parts of a record: where it came from, where it wanted to go, by which way, for whom.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "event/event.h"

namespace xlimit::xlog {

enum class SourceKind : std::uint8_t { address, dns, none, masked, damaged };

// "203.0.113.7:5678", "[2001:db8::1]:5678", either behind "tcp:" or "udp:"; masked, resolver's and other
// forms. Puts address and port into `access`, which are good when it returns `address`.
SourceKind read_source(std::string_view text, event::Access& access);

// What follows the verb of an accepted line, or the destination of a rejected one.
enum class Outcome : std::uint8_t { good, cut, foreign };

// Takes the destination off the front of `text` and puts it into `access`. `good` with nothing taken: there
// is none. `foreign`: the first word is no destination.
Outcome take_destination(std::string_view& text, event::Access& access);

// What follows the destination of an accepted line: " [in -> out] email: X", each part optional. `detour` is
// without its brackets.
Outcome read_tail(std::string_view text, std::string_view& detour, std::string_view& user);

// "in -> out", "in >> out", "in ==> out", "out". A tag may hold anything, an arrow too: then nobody can tell
// where one tag ends, and none is given.
void read_detour(std::string_view detour, event::Access& access);

}  // namespace xlimit::xlog
