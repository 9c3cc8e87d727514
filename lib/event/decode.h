// SPDX-License-Identifier: MIT
// Lines to events.
//
//   event::Decoder decoder;
//   const event::Event event = decoder.decode(line);
//   if (const auto* ban = std::get_if<event::Ban>(&event)) ...
//
// The texts of the event point into the line or into the decoder and are valid until its next decode().
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "event/event.h"

namespace xlimit::event {

// Bytes that must be readable (not valid) behind a line given to decode().
inline constexpr std::size_t kPadding = 64;

// A JSON object of a type that this toolkit has no struct for; to be passed on untouched.
struct Foreign {};
// Not an event: no JSON object, no "type", or a known type with a field that is missing or wrong.
struct Malformed {
  std::string why;  // "'target' is not an address or prefix"
};

using Event = std::variant<Foreign, Malformed, Access, Violation, Ban, Banned, Unban, Limit>;

class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // `line` is one line without its newline, followed by kPadding readable bytes.
  Event decode(std::string_view line);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace xlimit::event
