// SPDX-License-Identifier: MIT
// What the detector decided about one line, with the reason in a sentence.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ip/prefix.h"

namespace xlimit::session {

enum class Action : std::uint8_t {
  ban,     // `targets` are to be banned
  report,  // a violation that is not acted on: unconfirmed, in cooldown, dry run, nobody loses
  spared,  // not acted on because it would hit the wrong one
};
std::string_view word(Action action);

struct Target {
  ip::Prefix prefix;
  std::optional<ip::Address> address;  // last seen inside a prefix that is no single address
  std::vector<std::uint16_t> ports;    // known ones, those of its newest lines first
  std::chrono::seconds duration{};
};

struct Verdict {
  base::Time at;   // the line's
  base::Time now;  // the user's: no two of his lines have the same, unless his clock was set back
  std::string user;
  std::string_view rule;    // "addresses", "shared", "torrent"
  std::uint32_t limit = 0;  // 0: the rule knows none
  std::vector<ip::Prefix> addresses;
  std::size_t counted = 0;  // of them, against the limit
  std::chrono::seconds window{};
  Action action = Action::report;
  std::string why;
  std::vector<Target> targets;
};

// "for 1m", or "for good" when `duration` is 0.
std::string for_how_long(std::chrono::seconds duration);

// Puts another clause behind a reason.
void add_clause(std::string& why, std::string_view clause);

}  // namespace xlimit::session
