// SPDX-License-Identifier: MIT
// The nftables messages that put drop rules into a table of our own, as bytes.
#include "sets/rule_message.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_set.h>
#include <netinet/in.h>

namespace xlimit::sets {
namespace {

constexpr std::uint32_t kMatchRevision = 1;  // xt_set_info_match_v1, in every kernel with xt_set since 2.6.39

void begin(netlink::Batch& batch, unsigned command, unsigned flags, Family family, std::uint32_t sequence) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | command),
              static_cast<std::uint16_t>(NLM_F_REQUEST | flags), sequence);
  if (nfgenmsg* header = batch.extra<nfgenmsg>())
    header->nfgen_family = family == Family::v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

// Begin and end of a transaction are messages of nfnetlink itself.
void put_bracket(netlink::Batch& batch, unsigned type, std::uint32_t sequence) {
  batch.begin(static_cast<std::uint16_t>(type), NLM_F_REQUEST, sequence);
  if (nfgenmsg* header = batch.extra<nfgenmsg>()) header->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

// nf_tables' numbers are in network order and, unlike ipset's, don't say so in their type.
void put_number(netlink::Batch& batch, std::uint16_t type, std::uint32_t value) {
  batch.put_u32(type, htonl(value));
}

template <class Body>
void put_nest(netlink::Batch& batch, std::uint16_t type, Body body) {
  const std::size_t nest = batch.begin_nest(type);
  body();
  batch.end_nest(nest);
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

void put_match(netlink::Batch& batch, const Rule& rule) {
  // Padded to the 8 bytes that xtables aligns to.
  struct alignas(8) {
    xt_set_info_match_v1 info;
  } match{};
  match.info.match_set.index = rule.set;
  match.info.match_set.dim = IPSET_DIM_ONE;
  match.info.match_set.flags = rule.by_source ? IPSET_DIM_ONE_SRC : 0;
  put_expression(batch, "match", [&] {
    batch.put_text(NFTA_MATCH_NAME, "set");
    put_number(batch, NFTA_MATCH_REV, kMatchRevision);
    batch.put(NFTA_MATCH_INFO, std::as_bytes(std::span{&match, 1}));
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

std::vector<Rule> wanted_rules(std::uint16_t set, Direction direction, std::span<const std::uint16_t> ports) {
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

void put_table(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence) {
  begin(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, family, sequence);
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
              std::uint32_t sequence, bool acknowledge) {
  begin(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | (acknowledge ? NLM_F_ACK : 0U), key.family,
        sequence);
  batch.put_text(NFTA_RULE_TABLE, table);
  batch.put_text(NFTA_RULE_CHAIN, chain_name(key.direction));
  put_nest(batch, NFTA_RULE_EXPRESSIONS, [&] {
    if (rule.protocol != 0) put_protocol_and_port(batch, rule);
    put_match(batch, rule);
    put_expression(batch, "counter", [] {});
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
