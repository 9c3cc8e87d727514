// SPDX-License-Identifier: MIT
// Lines to events.
//
//   event::Decoder decoder;
//   const event::Event event = decoder.decode(line);
//   if (const auto* ban = std::get_if<event::Ban>(&event)) ...
//
// The texts of the event point into the line or into the decoder and are valid until its next decode().
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "event/event.h"
#include "event/object.h"

namespace xlimit::event {

// A JSON object of a type that this toolkit has no struct for; to be passed on untouched.
struct Foreign {};
// Not an event: no JSON object, no "type", or a known type with a field that is missing or wrong.
struct Malformed {
  std::string why;  // "'target' is not an address or prefix"
};

using Event =
    std::variant<Foreign, Malformed, Access, Violation, Suspect, Ban, Banned, Unban, Unbanned, List, Limit>;

// The user of the first event in `text`, undecoded; empty when none is near. Good for a guess.
std::string_view guess_user(std::string_view text);

class Decoder {
 public:
  // `line` is one line without its newline, followed by kPadding readable bytes.
  Event decode(std::string_view line);

 private:
  Object object_;
};

}  // namespace xlimit::event
