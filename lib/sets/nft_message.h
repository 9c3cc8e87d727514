// SPDX-License-Identifier: MIT
// The messages about nftables' own sets and what is in them, as bytes (linux/netfilter/nf_tables.h). Pure.
// What changes something stands between put_transaction_begin() and put_transaction_end() (rule_message.h).
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "netlink/batch.h"
#include "sets/names.h"
#include "sets/set_message.h"

namespace xlimit::sets {

// A set by the table it is in.
struct NftSet {
  Family family = Family::v4;
  std::string table, name;
};

// A set to be made, of addresses of its family.
struct NftForm {
  bool intervals = false;     // members are ranges, else single keys that may have a timeout
  std::uint32_t maximum = 0;  // members; 0: any number
  std::string comment;        // shown by nft(8); at most 128 bytes
  std::uint32_t id = 0;       // its own in the transaction
};
void put_new_set(netlink::Batch& batch, const NftSet& set, const NftForm& form, std::uint32_t sequence);
void put_delete_set(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence);
// Answered by one message; a request for all sets of a table, for Socket::dump.
void put_get_set(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence);
void put_list_sets(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence);

// A set as the kernel describes it.
struct SeenSet {
  std::string table, name;
  std::uint32_t flags = 0, key_size = 0;
  std::uint32_t maximum = 0;
  std::optional<std::uint64_t> entries;  // said by new kernels only
  std::string comment;

  bool operator==(const SeenSet&) const = default;
};
std::optional<SeenSet> read_set(const nlmsghdr& message);
// Does it hold keys of this family, with timeouts or as ranges?
bool is_of_form(const SeenSet& set, Family family, bool intervals);

// The key of an entry is its prefix's first address. Inserting what is there fails with EEXIST, into a full
// set with ENFILE; removing what is not there fails with ENOENT.
void put_insert(netlink::Batch& batch, const NftSet& set, const Entry& entry, std::uint32_t sequence);
void put_remove(netlink::Batch& batch, const NftSet& set, const ip::Address& key, std::uint32_t sequence);
// Removes everything, when the set is there.
void put_clear(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence);
// Adds as many of `prefixes` as go into one message to a set of intervals; they must be sorted and disjoint.
// Returns how many.
std::size_t put_intervals(netlink::Batch& batch, const NftSet& set, std::span<const ip::Prefix> prefixes,
                          std::uint32_t sequence);

// Answered by one message with the element, or ENOENT. In a set of intervals: with the address where the
// interval around the key begins. (Where it ends can't be asked: kernels confuse that with a neighbour.)
void put_get_element(netlink::Batch& batch, const NftSet& set, const ip::Address& key,
                     std::uint32_t sequence);
// A request for all elements, for Socket::dump.
void put_list_elements(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence);

enum class Side : std::uint8_t { begin, end };
// An element as the kernel lists it.
struct SeenElement {
  ip::Address key;
  std::chrono::seconds left{};  // 0: for ever; never rounded down to that
  Side side = Side::begin;      // of an interval; where it ends is the first address behind it
};
// Calls `on_element` for each whole element in a message. What was run out already is left out.
void read_elements(const nlmsghdr& message, const std::function<void(const SeenElement&)>& on_element);

// The address behind a prefix's last one; absent behind the last of all.
std::optional<ip::Address> behind(const ip::Prefix& prefix);
ip::Address last_of(const ip::Prefix& prefix);
// The prefix from `first` up to the address before `end`; absent when that is none.
std::optional<ip::Prefix> prefix_between(const ip::Address& first, const std::optional<ip::Address>& end);

// Asks whether rules can match with ipset's sets: answered by one message, or an error.
void put_ask_set_match(netlink::Batch& batch, std::uint32_t sequence);

}  // namespace xlimit::sets
