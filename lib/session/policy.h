// SPDX-License-Identifier: MIT
// What the operator asks the detector to enforce.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ip/prefix.h"
#include "session/burst.h"
#include "session/verdict.h"

namespace xlimit::session {

using base::Time;

// Times that lie further ahead than this are from before the clock was set back.
inline constexpr std::chrono::minutes kClockStep{1};
inline bool is_ahead(Time time, Time now) { return time > now + kClockStep; }
// In live use: too old, or of a clock that nobody has. `max_age` 0: never.
inline bool is_out_of_time(Time time, Time now, std::chrono::seconds max_age) {
  return max_age.count() > 0 && (time + max_age < now || is_ahead(time, now));
}

enum class Rule : std::uint8_t {
  strict,   // a further place inside the window is a violation at once
  overlap,  // the older place must be seen again after the newcomer's first line, or both last for the grace
};
enum class Loser : std::uint8_t { newest, oldest, all, none };  // whose place goes, by when it became active

struct Escalation {
  double factor = 1;             // each further ban is so many times as long; 1 to 1000
  std::chrono::seconds most{0};  // no ban is longer
};

struct Policy {
  std::uint32_t limit = 1;         // places one user may hold; 0 is unlimited
  std::chrono::seconds window{5};  // how long a place counts after its last line; at least 1 s
  Rule rule = Rule::overlap;
  std::chrono::seconds grace{10};  // of the overlap rule: both places last so long
  std::uint32_t confirm = 1;       // acted on is the violation that makes so many in a row; at least 1
  std::optional<std::chrono::seconds> cooldown;  // absent: as long as the ban
  std::chrono::seconds ban_time{60};
  Escalation escalation;
  Loser loser = Loser::newest;
  unsigned group4 = 32;  // prefix lengths of what counts as one place; 1 to 32
  unsigned group6 = 64;  // 1 to 128
  std::function<std::uint32_t(const ip::Address&)>
      asn_of;  // addresses of one system are one place; 0: unknown
  std::vector<std::string> exempt_users;
  std::vector<ip::Prefix> exempt_nets;
  std::uint32_t shared_limit =
      8;  // users on one address that make it a gateway; 0: never, otherwise at least 2
  std::vector<std::string> torrent_tags;
  TorrentRate torrent_rate;
  std::uint32_t max_users = 1000000;  // remembered at once; at least 1
  bool dry_run = false;
};

// Connections of one address that need not stand in the log.
struct Sighting {
  ip::Address address{};
  std::vector<std::uint16_t> ports;
};

// What the detector asks the world before it acts: log text can be forged, a socket can not. All empty:
// believe the log.
struct Evidence {
  // Is there a connection from this address and port, which it has answered on? Asked for each line of a
  // place that is not proven yet; must be cheap. It is what proves a place.
  std::function<bool(const ip::Address&, std::uint16_t)> connection;
  // Is there any such connection from this prefix? Asked about proven places that are about to be banned.
  std::function<bool(const ip::Prefix&)> any;
  // This prefix may have to be banned soon. True: announce() is to be told. Must not take time; may be empty.
  std::function<bool(const ip::Prefix&)> expect{};
  // A user's target that expect() wants; for how long is not known yet.
  std::function<void(std::string_view user, const Target&)> announce{};
  // What is known of this prefix's connections without asking; may be empty.
  std::function<Sighting(const ip::Prefix&)> known{};
  // Ports that lines around the one that is judged name with this address; may be empty.
  std::function<std::vector<std::uint16_t>(const ip::Address&)> logged{};
};

// A user's own limit; absent: the policy's.
using LimitOf = std::function<std::optional<std::uint32_t>(std::string_view user)>;

}  // namespace xlimit::session
