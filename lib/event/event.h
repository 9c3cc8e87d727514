// SPDX-License-Identifier: MIT
// The language the programs speak, one struct per event. The man page xlimit-events(5) is the interface;
// these structs, that page, the JSON Schema and a golden case change together.
//
// Texts are views into the line that was decoded (or into whatever the producer owns) and are valid only as
// long as that is. Empty text and absent optionals are left out of the line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "ip/address.h"
#include "ip/prefix.h"

namespace xlimit::event {

using base::Time;

// An event with its newline fits into one atomic write to a pipe (PIPE_BUF).
inline constexpr std::size_t kMaxLine = 4096;

enum class Status : std::uint8_t { accepted, rejected };
enum class Network : std::uint8_t { unknown, tcp, udp };
enum class Route : std::uint8_t {
  unknown,
  rule,
  fallback,
  forced
};  // -> >> ==>; fallback is written "default"

// One line of an access log.
struct Access {
  Time at;
  std::string_view node;
  std::string_view user;
  std::optional<ip::Address> ip;
  std::optional<std::uint16_t> port;  // 0: the address came from a header
  Status status = Status::accepted;
  std::string_view reason;  // only when rejected
  Network network = Network::unknown;
  std::string_view host;
  std::optional<std::uint16_t> dport;
  std::string_view inbound;
  std::string_view outbound;
  Route route = Route::unknown;
  bool plain = false;  // all the texts are known to be event::is_plain
};

// What session-detect found, whether or not it acts.
struct Violation {
  Time at;
  std::string_view node;
  std::string_view rule;  // addresses, torrent, ...
  std::string_view user;
  std::uint32_t limit = 0;
  std::vector<ip::Prefix> addresses;
  std::chrono::seconds window{};
  std::string_view action;  // ban, report, spared
  std::string_view why;
};

// Somebody who breaks a rule if he goes on: a ban may follow. Nothing is to be done to him yet.
struct Suspect {
  Time at;
  std::string_view node;
  ip::Prefix target;
  std::optional<ip::Address> address;  // the one last seen, when the target is more than one address
  std::string_view user;
  std::vector<std::uint16_t> ports;  // of that address, known ones, those of its newest lines first
};

enum class Direction : std::uint8_t { in, out };

// An order to ban. `banned` and `refused` repeat its fields and add their own.
struct Ban {
  Time at;
  std::string_view node;
  std::string_view id;      // UUIDv7
  std::string_view origin;  // node/program
  ip::Prefix target;
  std::optional<ip::Address> address;  // the one last seen, when the target is more than one address
  std::chrono::seconds duration{};     // 0: permanent
  Direction direction = Direction::in;
  std::string_view rule;
  std::string_view user;
  std::vector<std::uint16_t> ports;  // of that address, known ones, those of its newest lines first
  std::string_view reason;
};

enum class BanResult : std::uint8_t { added, extended, present };

struct Banned {
  Ban ban;
  BanResult result = BanResult::added;
  std::string_view set;
};

struct Refused {
  Ban ban;
  std::string_view why;
};

struct Unban {
  Time at;
  std::string_view node;
  std::string_view id;
  std::string_view origin;
  ip::Prefix target;
  Direction direction = Direction::in;
};

struct Unbanned {
  Unban unban;
  bool was_present = false;  // written as result "removed" or "absent"
  std::string_view set;
};

struct Killed {
  Time at;
  std::string_view node;
  ip::Prefix target;
  std::uint32_t sockets = 0;  // all that died
  std::uint32_t left = 0;     // seen afterwards
};

// An account of input that did not become events: `lines` or `bytes`, never both.
struct Source {
  Time at;
  std::string_view node;
  std::string_view file;
  std::string_view kind;
  std::optional<std::uint64_t> lines;
  std::optional<std::uint64_t> bytes;
  std::string_view sample;
};

// A part of a named list; what all the lines of one list and direction give together is its content.
struct List {
  static constexpr std::size_t kMostTargets = 64;  // a line holds so many of any length

  Time at;
  std::string_view node;
  std::string_view list;  // its name
  Direction direction = Direction::in;
  std::vector<ip::Prefix> targets;
};

// A per-user limit; 0 is unlimited.
struct Limit {
  std::string_view user;
  std::uint32_t limit = 0;
};

}  // namespace xlimit::event
