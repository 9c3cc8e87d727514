// SPDX-License-Identifier: MIT
// The messages of the kernel's ipset subsystem that bans need, as bytes (linux/netfilter/ipset/ip_set.h).
// Pure. They are built by hand because libipset takes three times as long for one entry, resolves what it
// does not understand through DNS, and can't tell several answers apart.
#pragma once

#include <linux/netlink.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "ip/prefix.h"
#include "netlink/batch.h"

namespace xlimit::sets {

// The kernel counts a timeout in milliseconds in 31 bits (IPSET_MAX_TIMEOUT).
inline constexpr std::chrono::seconds kLongestTimeout{2147483};

// A member of a set and the time it has left; 0 means permanent.
struct Entry {
  ip::Prefix target;
  std::chrono::seconds timeout{};

  bool operator==(const Entry&) const = default;
};

enum class Action : std::uint8_t {
  insert,   // acknowledged with IPSET_ERR_EXIST when it is there
  replace,  // sets the timeout anew
  remove,   // acknowledged with IPSET_ERR_EXIST when it is not there
  test,     // acknowledged with IPSET_ERR_EXIST when nothing matches
};

// Adds one message; an acknowledgement is asked for.
void put_entry(netlink::Batch& batch, Action action, std::string_view set, const Entry& entry,
               std::uint32_t sequence);
// Adds one message with as many of `prefixes` as go into one, at most kMostInMessage, as permanent members;
// an acknowledgement is asked for. Returns how many. The kernel stops at the first that it does not take.
inline constexpr std::size_t kMostInMessage = 1000;
std::size_t put_prefixes(netlink::Batch& batch, std::string_view set, std::span<const ip::Prefix> prefixes,
                         std::uint32_t sequence);
// Exchanges the contents of two sets of the same kind in one moment, for all rules that use them.
void put_swap(netlink::Batch& batch, std::string_view set, std::string_view other, std::uint32_t sequence);
// A request for the names of all sets, for Socket::dump.
void put_list_names(netlink::Batch& batch, std::uint32_t sequence);
std::string_view read_name(const nlmsghdr& message);
// A request for all members of a set, for Socket::dump.
void put_list(netlink::Batch& batch, std::string_view set, std::uint32_t sequence);
void put_flush(netlink::Batch& batch, std::string_view set, std::uint32_t sequence);
// Answered with IPSET_CMD_HEADER, or ENOENT.
void put_header(netlink::Batch& batch, std::string_view set, std::uint32_t sequence);
// Answered with IPSET_CMD_PROTOCOL by every kernel that has ipset.
void put_protocol(netlink::Batch& batch, std::uint32_t sequence);

// Calls `on_entry` for each member in a message of a listing. What is malformed, or marked "nomatch" by
// another tool, is left out.
void read_entries(const nlmsghdr& message, const std::function<void(const Entry&)>& on_entry);

}  // namespace xlimit::sets
