// SPDX-License-Identifier: MIT
// Torrents by behaviour: a peer-to-peer client opens connections to many hosts by their addresses, on high
// ports, within seconds. Nobody browsing does.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "session/recent.h"

namespace xlimit::session {

// So many hosts within so long; 0 hosts: never.
struct TorrentRate {
  std::uint32_t hosts = 0;
  std::chrono::seconds within{0};
};
inline constexpr std::uint32_t kMostHosts = 512;

// "50/10s": 1 to kMostHosts hosts. Empty: never. Fails with kUsage.
base::Result<void> read_value(std::string_view text, TorrentRate& value);
std::string show_value(const TorrentRate& value);

// Is this destination one that counts: an address in place of a name, and a port above 1023?
bool is_peer(std::string_view host, std::uint16_t port);

// Counts the hosts of each place. Bounded: beyond kMost places the one that is idle longest is dropped, and
// counted if it still mattered.
class Bursts {
 public:
  static constexpr std::size_t kMost = 20000;

  explicit Bursts(TorrentRate rate) : rate_(rate) {}

  // A connection to a peer from the place of this key. True when it makes the hosts more than allowed, within
  // the time since the place's first; its count then starts over. Two hosts may be taken for one, never one
  // for two.
  bool add(std::uint64_t place, std::string_view host, base::Time now);
  // Counts that were dropped while they mattered, since this was last asked.
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }
  // The place whose count the last add() dropped, if it did: a state file that keeps the changes is to say
  // so.
  std::optional<std::uint64_t> gone() const { return gone_; }

  struct Burst {
    base::Time since;
    std::uint32_t hosts = 0;
    std::bitset<8 * kMostHosts> seen;
  };
  static std::size_t bit_of(std::string_view host) {
    return std::hash<std::string_view>{}(host) % (8 * kMostHosts);
  }
  using Table = Recent<std::uint64_t, Burst>;
  // For a state file, and back.
  Table& table() { return bursts_; }
  const Table& table() const { return bursts_; }

 private:
  bool is_over(const Burst& burst, base::Time now) const {
    return now >= burst.since + rate_.within || now < burst.since;
  }

  TorrentRate rate_;
  std::uint64_t dropped_ = 0;
  std::optional<std::uint64_t> gone_;
  Table bursts_{kMost};
};

}  // namespace xlimit::session
