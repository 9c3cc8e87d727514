// SPDX-License-Identifier: MIT
// The nftables messages that put drop rules into a table of our own, as bytes.
#include "sets/rule_message.h"

#include "sets/nft_parts.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_set.h>
#include <netinet/in.h>

namespace xlimit::sets {
namespace {

using nft::begin;
using nft::put_nest;
using nft::put_number;

constexpr std::uint32_t kMatchRevision = 1;  // xt_set_info_match_v1, in every kernel with xt_set since 2.6.39

// Begin and end of a transaction are messages of nfnetlink itself.
void put_bracket(netlink::Batch& batch, unsigned type, std::uint32_t sequence) {
  batch.begin(static_cast<std::uint16_t>(type), NLM_F_REQUEST, sequence);
  if (nfgenmsg* header = batch.extra<nfgenmsg>()) header->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

template <class Body>
void put_expression(netlink::Batch& batch, std::string_view name, Body body) {
  put_nest(batch, NFTA_LIST_ELEM, [&] {
    batch.put_text(NFTA_EXPR_NAME, name);
    put_nest(batch, NFTA_EXPR_DATA, body);
  });
}

template <class Value>
void put_compare(netlink::Batch& batch, const Value& value) {
  put_expression(batch, "cmp", [&] {
    put_number(batch, NFTA_CMP_SREG, NFT_REG_1);
    put_number(batch, NFTA_CMP_OP, NFT_CMP_EQ);
    put_nest(batch, NFTA_CMP_DATA, [&] { batch.put(NFTA_DATA_VALUE, std::as_bytes(std::span{&value, 1})); });
  });
}

void put_protocol_and_port(netlink::Batch& batch, const Rule& rule) {
  put_expression(batch, "meta", [&] {
    put_number(batch, NFTA_META_DREG, NFT_REG_1);
    put_number(batch, NFTA_META_KEY, NFT_META_L4PROTO);
  });
  put_compare(batch, rule.protocol);
  put_expression(batch, "payload", [&] {
    put_number(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(batch, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    put_number(batch, NFTA_PAYLOAD_OFFSET, 2);  // the destination port, in TCP's header and in UDP's
    put_number(batch, NFTA_PAYLOAD_LEN, 2);
  });
  put_compare(batch, htons(rule.port));
}

void put_ipset_match(netlink::Batch& batch, const Rule& rule) {
  // Padded to the 8 bytes that xtables aligns to.
  struct alignas(8) {
    xt_set_info_match_v1 info;
  } match{};
  match.info.match_set.index = rule.set.index;
  match.info.match_set.dim = IPSET_DIM_ONE;
  match.info.match_set.flags = rule.by_source ? IPSET_DIM_ONE_SRC : 0;
  put_expression(batch, "match", [&] {
    batch.put_text(NFTA_MATCH_NAME, "set");
    put_number(batch, NFTA_MATCH_REV, kMatchRevision);
    batch.put(NFTA_MATCH_INFO, std::as_bytes(std::span{&match, 1}));
  });
}

void put_mask(netlink::Batch& batch, std::size_t size, unsigned length) {
  std::array<std::byte, 16> mask{};
  for (unsigned bit = 0; bit < length; ++bit) mask.at(bit / 8) |= std::byte{0x80} >> (bit % 8);
  const std::array<std::byte, 16> nothing{};
  put_expression(batch, "bitwise", [&] {
    put_number(batch, NFTA_BITWISE_SREG, NFT_REG_1);
    put_number(batch, NFTA_BITWISE_DREG, NFT_REG_1);
    put_number(batch, NFTA_BITWISE_LEN, static_cast<std::uint32_t>(size));
    put_nest(batch, NFTA_BITWISE_MASK, [&] { batch.put(NFTA_DATA_VALUE, std::span{mask}.first(size)); });
    put_nest(batch, NFTA_BITWISE_XOR, [&] { batch.put(NFTA_DATA_VALUE, std::span{nothing}.first(size)); });
  });
}

void put_lookup(netlink::Batch& batch, Family family, const Rule& rule) {
  const AddressField field = address_field(family, rule.by_source);
  put_expression(batch, "payload", [&] {
    put_number(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(batch, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
    put_number(batch, NFTA_PAYLOAD_OFFSET, field.offset);
    put_number(batch, NFTA_PAYLOAD_LEN, field.size);
  });
  if (rule.set.length < field.size * 8) put_mask(batch, field.size, rule.set.length);
  put_expression(batch, "lookup", [&] {
    batch.put_text(NFTA_LOOKUP_SET, rule.set.name);
    put_number(batch, NFTA_LOOKUP_SREG, NFT_REG_1);
  });
}

void put_counter(netlink::Batch& batch, const Counted& counted) {
  put_expression(batch, "counter", [&] {
    batch.put_be64(NFTA_COUNTER_BYTES, counted.bytes);
    batch.put_be64(NFTA_COUNTER_PACKETS, counted.packets);
  });
}

void put_drop(netlink::Batch& batch) {
  put_expression(batch, "immediate", [&] {
    put_number(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    put_nest(batch, NFTA_IMMEDIATE_DATA, [&] {
      put_nest(batch, NFTA_DATA_VERDICT, [&] { put_number(batch, NFTA_VERDICT_CODE, NF_DROP); });
    });
  });
}

}  // namespace

AddressField address_field(Family family, bool by_source) {
  if (family == Family::v4) return {.offset = by_source ? 12U : 16U, .size = 4};
  return {.offset = by_source ? 8U : 24U, .size = 16};
}

std::vector<Rule> wanted_rules(const SetRef& set, Direction direction, std::span<const std::uint16_t> ports) {
  const bool by_source = direction == Direction::in;
  if (ports.empty()) return {{.set = set, .by_source = by_source}};
  std::vector<Rule> rules;
  for (const std::uint16_t port : ports) {
    for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP})
      rules.push_back({.set = set,
                       .by_source = by_source,
                       .protocol = static_cast<std::uint8_t>(protocol),
                       .port = port});
  }
  return rules;
}

std::string_view chain_name(Direction direction) {
  return direction == Direction::in ? "prerouting" : "output";
}

SeenChain wanted_chain(Direction direction) {
  return {.hook = direction == Direction::in ? NF_INET_PRE_ROUTING : NF_INET_LOCAL_OUT,
          .priority = kPriority,
          .accepts = true};
}

void put_transaction_begin(netlink::Batch& batch, std::uint32_t generation, std::uint32_t sequence) {
  put_bracket(batch, NFNL_MSG_BATCH_BEGIN, sequence);
  if (generation != 0) put_number(batch, NFNL_BATCH_GENID, generation);
}

void put_transaction_end(netlink::Batch& batch, std::uint32_t sequence) {
  put_bracket(batch, NFNL_MSG_BATCH_END, sequence);
}

void put_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence,
               bool acknowledge) {
  begin(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | (acknowledge ? NLM_F_ACK : 0U), family, sequence);
  batch.put_text(NFTA_TABLE_NAME, table);
  put_number(batch, NFTA_TABLE_FLAGS, 0);
}

void put_chain(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence) {
  const SeenChain chain = wanted_chain(key.direction);
  begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, key.family, sequence);
  batch.put_text(NFTA_CHAIN_TABLE, table);
  batch.put_text(NFTA_CHAIN_NAME, chain_name(key.direction));
  put_nest(batch, NFTA_CHAIN_HOOK, [&] {
    put_number(batch, NFTA_HOOK_HOOKNUM, chain.hook);
    put_number(batch, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(chain.priority));
  });
  put_number(batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
  batch.put_text(NFTA_CHAIN_TYPE, "filter");
}

void put_rule(netlink::Batch& batch, SetKey key, std::string_view table, const Rule& rule,
              std::uint32_t sequence, const Placement& place) {
  const unsigned where = place.instead_of != 0 ? NLM_F_REPLACE : NLM_F_CREATE | NLM_F_APPEND;
  begin(batch, NFT_MSG_NEWRULE, where | (place.acknowledge ? NLM_F_ACK : 0U), key.family, sequence);
  batch.put_text(NFTA_RULE_TABLE, table);
  batch.put_text(NFTA_RULE_CHAIN, chain_name(key.direction));
  if (place.instead_of != 0) batch.put_be64(NFTA_RULE_HANDLE, place.instead_of);
  put_nest(batch, NFTA_RULE_EXPRESSIONS, [&] {
    if (rule.protocol != 0) put_protocol_and_port(batch, rule);
    if (rule.set.name.empty())
      put_ipset_match(batch, rule);
    else
      put_lookup(batch, key.family, rule);
    put_counter(batch, place.counted);
    put_drop(batch);
  });
}

void put_delete_rule(netlink::Batch& batch, SetKey key, std::string_view table, std::uint64_t handle,
                     std::uint32_t sequence) {
  begin(batch, NFT_MSG_DELRULE, NLM_F_ACK, key.family, sequence);
  batch.put_text(NFTA_RULE_TABLE, table);
  batch.put_text(NFTA_RULE_CHAIN, chain_name(key.direction));
  batch.put_be64(NFTA_RULE_HANDLE, handle);
}

void put_delete_rules(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence) {
  begin(batch, NFT_MSG_DELRULE, 0, key.family, sequence);
  batch.put_text(NFTA_RULE_TABLE, table);
  batch.put_text(NFTA_RULE_CHAIN, chain_name(key.direction));
}

void put_delete_chain(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence) {
  begin(batch, NFT_MSG_DELCHAIN, 0, key.family, sequence);
  batch.put_text(NFTA_CHAIN_TABLE, table);
  batch.put_text(NFTA_CHAIN_NAME, chain_name(key.direction));
}

void put_delete_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence,
                      bool acknowledge) {
  begin(batch, NFT_MSG_DELTABLE, acknowledge ? NLM_F_ACK : 0U, family, sequence);
  batch.put_text(NFTA_TABLE_NAME, table);
}

void put_get_generation(netlink::Batch& batch, std::uint32_t sequence) {
  begin(batch, NFT_MSG_GETGEN, 0, Family::v4, sequence);
}

void put_get_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence) {
  begin(batch, NFT_MSG_GETTABLE, 0, family, sequence);
  batch.put_text(NFTA_TABLE_NAME, table);
}

void put_get_chain(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence) {
  begin(batch, NFT_MSG_GETCHAIN, 0, key.family, sequence);
  batch.put_text(NFTA_CHAIN_TABLE, table);
  batch.put_text(NFTA_CHAIN_NAME, chain_name(key.direction));
}

void put_list_rules(netlink::Batch& batch, SetKey key, std::string_view table, std::uint32_t sequence) {
  begin(batch, NFT_MSG_GETRULE, NLM_F_DUMP, key.family, sequence);
  batch.put_text(NFTA_RULE_TABLE, table);
  batch.put_text(NFTA_RULE_CHAIN, chain_name(key.direction));
}

}  // namespace xlimit::sets
