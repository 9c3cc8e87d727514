// SPDX-License-Identifier: MIT
// The nftables messages that put drop rules into a table of our own, as bytes (linux/netfilter/nf_tables.h),
// and what the kernel says of such rules. Pure. A rule reads
//
//   [meta l4proto tcp th dport 443] match "set" xlimit4 src counter drop
//
// where `match "set"` is the iptables match through nft_compat: nftables itself can't see ipset's sets.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "netlink/batch.h"
#include "sets/names.h"

namespace xlimit::sets {

// What one rule of ours does.
struct Rule {
  std::uint16_t set = 0;      // index of the kernel set
  bool by_source = true;      // matches where packets come from, else where they go
  std::uint8_t protocol = 0;  // 0: all
  std::uint16_t port = 0;     // of the destination; 0: all

  bool operator==(const Rule&) const = default;
};

// The rules for packets in `direction`: one, or with ports two for each, TCP's and UDP's.
std::vector<Rule> wanted_rules(std::uint16_t set, Direction direction, std::span<const std::uint16_t> ports);

// A rule as the kernel lists it.
struct SeenRule {
  std::optional<Rule> rule;  // absent when it is not of the form above
  std::uint64_t packets = 0, bytes = 0;
  std::uint64_t handle = 0;  // by which it is deleted
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
void put_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence);
void put_chain(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence);
// The last rule of a transaction asks for an acknowledgement: it comes when all is committed.
void put_rule(netlink::Batch& batch, SetKey key, std::string_view table, const Rule& rule,
              std::uint32_t sequence, bool acknowledge);
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
std::optional<SeenChain> read_chain(const nlmsghdr& message);
std::optional<SeenRule> read_rule(const nlmsghdr& message);

// Does this notification tell that something was taken out of the table?
bool is_loss_in(const nlmsghdr& message, std::string_view table);

}  // namespace xlimit::sets
