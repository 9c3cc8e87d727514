// SPDX-License-Identifier: MIT
// Torrents by behaviour: a peer-to-peer client opens connections to many hosts by their addresses, on high
// ports, within seconds. Nobody browsing does.
#pragma once

#include <bitset>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace xlimit::session {

// So many hosts within so long; 0 hosts: never.
struct TorrentRate {
  std::uint32_t hosts = 0;
  std::chrono::seconds within{0};
};
inline constexpr std::uint32_t kMostHosts = 512;

// "50/10s": 1 to kMostHosts hosts. Fails with kUsage.
base::Result<void> read_value(std::string_view text, TorrentRate& value);
std::string show_value(const TorrentRate& value);

// Is this destination one that counts: an address in place of a name, and a port above 1023?
bool is_peer(std::string_view host, std::uint16_t port);

// Counts the hosts of each place. Bounded: beyond kMost places those that are out of date are dropped, and
// when there are none, any one; dropped ones are counted.
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

  struct Burst {
    base::Time since;
    std::uint32_t hosts = 0;
    std::bitset<8 * kMostHosts> seen;
  };
  // For a state file, and back.
  void each(const std::function<void(std::uint64_t, const Burst&)>& see) const;
  void remember(std::uint64_t place, const Burst& burst) { bursts_[place] = std::make_unique<Burst>(burst); }

 private:
  void make_room(base::Time now);
  bool is_over(const Burst& burst, base::Time now) const {
    return now >= burst.since + rate_.within || now < burst.since;
  }

  TorrentRate rate_;
  base::Time swept_;
  std::uint64_t dropped_ = 0;
  boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Burst>> bursts_;
};

}  // namespace xlimit::session
