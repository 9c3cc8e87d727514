// SPDX-License-Identifier: MIT
// The nftables messages that put drop rules into a table of our own, as bytes (linux/netfilter/nf_tables.h),
// and what the kernel says of such rules. Pure. A rule reads
//
//   [meta l4proto tcp th dport 443] match "set" xlimit4 src counter drop
//   [meta l4proto tcp th dport 443] ip saddr [& 255.255.255.0] @xlimit4/24 counter drop
//
// where `match "set"` is the iptables match through nft_compat: nftables itself can't see ipset's sets.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netlink/batch.h"
#include "sets/names.h"

namespace xlimit::sets {

// The set that a rule matches with: ipset's by its index, one of nftables' own by its name.
struct SetRef {
  SetRef() = default;
  SetRef(std::uint16_t number) : index(number) {}  // NOLINT(google-explicit-constructor): it is one
  SetRef(std::string set_name, unsigned bits) : name(std::move(set_name)), length(bits) {}

  std::uint16_t index = 0;
  std::string name;     // empty: ipset's
  unsigned length = 0;  // how many leading bits of the address are looked up by name

  bool operator==(const SetRef&) const = default;
};

// What one rule of ours does.
struct Rule {
  SetRef set{};
  bool by_source = true;      // matches where packets come from, else where they go
  std::uint8_t protocol = 0;  // 0: all
  std::uint16_t port = 0;     // of the destination; 0: all

  bool operator==(const Rule&) const = default;
};

// The rules for packets in `direction`: one, or with ports two for each, TCP's and UDP's.
std::vector<Rule> wanted_rules(const SetRef& set, Direction direction, std::span<const std::uint16_t> ports);

// Where an address stands in the IP header.
struct AddressField {
  std::uint32_t offset = 0, size = 0;
};
AddressField address_field(Family family, bool by_source);

// What a rule's counter holds.
struct Counted {
  std::uint64_t packets = 0, bytes = 0;
};

// A rule as the kernel lists it.
struct SeenRule {
  std::optional<Rule> rule;  // absent when it is not of the form above
  // Could it let packets by that a rule behind it would drop? Rules of ours can't, nor those that only count.
  bool lets_by = false;
  Counted counted{};
  std::uint64_t handle = 0;  // by which it is deleted or replaced
};

// A base chain as the kernel lists it.
struct SeenChain {
  std::uint32_t hook = 0;
  std::int32_t priority = 0;
  bool accepts = true;  // the policy

  bool operator==(const SeenChain&) const = default;
};

// Where our chains stand: before connection tracking, so that established flows stop at once and no rule that
// accepts them can come first.
inline constexpr std::int32_t kPriority = -300;
std::string_view chain_name(Direction direction);
SeenChain wanted_chain(Direction direction);

// All of one transaction stand between begin and end. It fails with ERESTART when the ruleset is no longer
// of this generation (0: any).
void put_transaction_begin(netlink::Batch& batch, std::uint32_t generation, std::uint32_t sequence);
void put_transaction_end(netlink::Batch& batch, std::uint32_t sequence);
// Makes a table, and wakes one that is dormant.
void put_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence,
               bool acknowledge = false);
void put_chain(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence);
struct Placement {
  // Of the last rule of a transaction: the acknowledgement comes when all is committed.
  bool acknowledge = false;
  std::uint64_t instead_of = 0;  // the handle of a rule that this one replaces; 0: behind all others
  Counted counted{};             // what its counter begins with
};
void put_rule(netlink::Batch& batch, SetKey key, std::string_view table, const Rule& rule,
              std::uint32_t sequence, const Placement& place);
// Deletes one rule; asks for an acknowledgement.
void put_delete_rule(netlink::Batch& batch, SetKey key, std::string_view table, std::uint64_t handle,
                     std::uint32_t sequence);
void put_delete_rules(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence);
void put_delete_chain(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence);
void put_delete_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence,
                      bool acknowledge);

// Requests: one answer, one answer, a dump.
void put_get_generation(netlink::Batch& batch, std::uint32_t sequence);
void put_get_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence);
void put_get_chain(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence);
void put_list_rules(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence);

// Readers of the answers; absent when the message is something else.
std::optional<std::uint32_t> read_generation(const nlmsghdr& message);
// Is the table dormant, so that no packet meets its rules?
std::optional<bool> read_dormant(const nlmsghdr& message);
std::optional<SeenChain> read_chain(const nlmsghdr& message);
std::optional<SeenRule> read_rule(const nlmsghdr& message);

// Could what this notification tells keep rules in the table from dropping? Something was taken out, the
// table or a chain is not as it was, a rule came that could let packets by.
bool is_harm_in(const nlmsghdr& message, std::string_view table);

}  // namespace xlimit::sets
