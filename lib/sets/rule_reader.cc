// SPDX-License-Identifier: MIT
// Reads what the kernel says of tables, chains and rules, and recognises rules of ours among them.
#include "sets/rule_message.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "sets/nft_parts.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_set.h>

namespace xlimit::sets {
namespace {

using netlink::Attribute;
using netlink::Attributes;

using nft::find;
using nft::is_command;
using nft::number;
using nft::text;

// Absent when it only loads a value.
std::optional<std::uint32_t> verdict_of(const Attributes& immediate) {
  const std::optional<Attribute> data = find(immediate, NFTA_IMMEDIATE_DATA);
  const std::optional<Attribute> verdict = data ? find(Attributes{*data}, NFTA_DATA_VERDICT) : std::nullopt;
  return verdict ? number(Attributes{*verdict}, NFTA_VERDICT_CODE) : std::nullopt;
}

// Does this expression drop the packet, or leave it and its addresses to the rules behind? What is not known
// here may do anything.
bool is_harmless(std::string_view name, const std::optional<Attribute>& data) {
  constexpr std::array<std::string_view, 23> kHarmless{
      "bitwise", "byteorder", "cmp",   "connlimit", "counter", "ct",    "dynset", "exthdr",
      "fib",     "hash",      "last",  "limit",     "log",     "match", "meta",   "notrack",
      "numgen",  "osf",       "quota", "range",     "reject",  "rt",    "socket"};
  if (name == "immediate") return data && verdict_of(Attributes{*data}).value_or(NF_DROP) == NF_DROP;
  if (name == "lookup") return data && number(Attributes{*data}, NFTA_LOOKUP_DREG) != NFT_REG_VERDICT;
  // It may also rewrite the address.
  if (name == "payload") return data && !find(Attributes{*data}, NFTA_PAYLOAD_SREG);
  return std::ranges::find(kHarmless, name) != kHarmless.end();
}

// The expressions of one rule, read in their order: each must come where a rule of ours has it.
class Reader {
 public:
  void read(const Attribute& expression) {
    const Attributes parts{expression};
    const std::optional<Attribute> data = find(parts, NFTA_EXPR_DATA);
    const std::string_view name = text(parts, NFTA_EXPR_NAME);
    lets_by_ = lets_by_ || !is_harmless(name, data);
    if (!data) return spoil();
    const Attributes body{*data};
    if (name == "meta") return expect(Stage::start, read_meta(body), Stage::protocol);
    if (name == "cmp") return read_compare(body);
    if (name == "payload") return read_payload(body);
    if (name == "bitwise") return expect(Stage::address, read_mask(body), Stage::lookup);
    if (name == "lookup") return read_lookup(body);
    if (name == "match") return read_match(body);
    if (name == "counter") return read_counter(body);
    if (name == "immediate") return expect(Stage::verdict, verdict_of(body) == NF_DROP, Stage::end);
    spoil();
  }

  SeenRule result() const {
    SeenRule seen = seen_;
    if (stage_ == Stage::end) seen.rule = rule_;
    seen.lets_by = stage_ != Stage::end && lets_by_;
    return seen;
  }

 private:
  enum class Stage : std::uint8_t {
    start,
    protocol,
    port,
    port_value,
    match,
    address,
    lookup,
    counter,
    verdict,
    end,
    spoilt
  };

  void spoil() { stage_ = Stage::spoilt; }
  void expect(Stage now, bool good, Stage next) { stage_ = stage_ == now && good ? next : Stage::spoilt; }

  static bool read_meta(const Attributes& body) { return number(body, NFTA_META_KEY) == NFT_META_L4PROTO; }
  void read_payload(const Attributes& body) {
    const std::optional<std::uint32_t> offset = number(body, NFTA_PAYLOAD_OFFSET);
    const std::optional<std::uint32_t> size = number(body, NFTA_PAYLOAD_LEN);
    if (number(body, NFTA_PAYLOAD_BASE) == NFT_PAYLOAD_TRANSPORT_HEADER)
      return expect(Stage::port, offset == 2U && size == 2U, Stage::port_value);
    if (stage_ == Stage::start) stage_ = Stage::match;
    if (number(body, NFTA_PAYLOAD_BASE) != NFT_PAYLOAD_NETWORK_HEADER) return spoil();
    const Family family = size == 4U ? Family::v4 : Family::v6;
    const auto is_at = [&](bool by_source) {
      const AddressField field = address_field(family, by_source);
      return field.offset == offset && field.size == size;
    };
    rule_.by_source = is_at(true);
    rule_.set.length = size.value_or(0) * 8;
    expect(Stage::match, rule_.by_source || is_at(false), Stage::address);
  }

  // A mask of leading ones, as a prefix has it.
  bool read_mask(const Attributes& body) {
    const std::optional<Attribute> data = find(body, NFTA_BITWISE_MASK);
    const std::optional<Attribute> mask = data ? find(Attributes{*data}, NFTA_DATA_VALUE) : std::nullopt;
    if (!mask || mask->bytes().size() * 8 != rule_.set.length) return false;
    unsigned length = 0;
    bool ended = false;
    for (unsigned bit = 0; bit < mask->bytes().size() * 8; ++bit) {
      const bool set = (mask->bytes()[bit / 8] & (std::byte{0x80} >> (bit % 8))) != std::byte{0};
      if (set && ended) return false;
      ended = ended || !set;
      length += set ? 1 : 0;
    }
    rule_.set.length = length;
    return true;
  }

  void read_lookup(const Attributes& body) {
    if (stage_ == Stage::address) stage_ = Stage::lookup;
    rule_.set.name = text(body, NFTA_LOOKUP_SET);
    expect(Stage::lookup, !rule_.set.name.empty() && number(body, NFTA_LOOKUP_FLAGS).value_or(0) == 0,
           Stage::counter);
  }

  void read_compare(const Attributes& body) {
    const std::optional<Attribute> data = find(body, NFTA_CMP_DATA);
    if (!data || number(body, NFTA_CMP_OP) != NFT_CMP_EQ) return spoil();
    const std::optional<Attribute> value = find(Attributes{*data}, NFTA_DATA_VALUE);
    if (!value) return spoil();
    if (stage_ == Stage::protocol) {
      rule_.protocol = value->u8().value_or(0);
      return expect(Stage::protocol, rule_.protocol != 0, Stage::port);
    }
    rule_.port = ntohs(value->u16().value_or(0));
    expect(Stage::port_value, rule_.port != 0, Stage::match);
  }

  void read_match(const Attributes& body) {
    const std::optional<Attribute> bytes = find(body, NFTA_MATCH_INFO);
    xt_set_info_match_v1 info;
    if (stage_ == Stage::start) stage_ = Stage::match;
    if (text(body, NFTA_MATCH_NAME) != "set" || number(body, NFTA_MATCH_REV) != 1U || !bytes ||
        bytes->bytes().size() < sizeof info)
      return spoil();
    std::memcpy(&info, bytes->bytes().data(), sizeof info);
    rule_.set.index = info.match_set.index;
    rule_.by_source = info.match_set.flags == IPSET_DIM_ONE_SRC;
    expect(Stage::match,
           info.match_set.dim == IPSET_DIM_ONE && (rule_.by_source || info.match_set.flags == 0),
           Stage::counter);
  }

  void read_counter(const Attributes& body) {
    const auto big = [&](std::uint16_t type) {
      const std::optional<Attribute> attribute = find(body, type);
      return attribute ? attribute->be64().value_or(0) : 0;
    };
    seen_.counted.packets = big(NFTA_COUNTER_PACKETS);
    seen_.counted.bytes = big(NFTA_COUNTER_BYTES);
    expect(Stage::counter, true, Stage::verdict);
  }

  Stage stage_ = Stage::start;
  bool lets_by_ = false;
  Rule rule_;
  SeenRule seen_;
};

}  // namespace

std::optional<std::uint32_t> read_generation(const nlmsghdr& message) {
  if (!is_command(message, NFT_MSG_NEWGEN)) return {};
  return number(Attributes{message, sizeof(nfgenmsg)}, NFTA_GEN_ID);
}

std::optional<bool> read_dormant(const nlmsghdr& message) {
  if (!is_command(message, NFT_MSG_NEWTABLE)) return {};
  const Attributes attributes{message, sizeof(nfgenmsg)};
  return (number(attributes, NFTA_TABLE_FLAGS).value_or(0) & NFT_TABLE_F_DORMANT) != 0;
}

std::optional<SeenChain> read_chain(const nlmsghdr& message) {
  if (!is_command(message, NFT_MSG_NEWCHAIN)) return {};
  const Attributes attributes{message, sizeof(nfgenmsg)};
  SeenChain chain{
      .hook = NF_INET_NUMHOOKS, .priority = 0, .accepts = number(attributes, NFTA_CHAIN_POLICY) == NF_ACCEPT};
  // A chain without a hook sees no packets: it is given a hook that does not exist.
  if (const std::optional<Attribute> hook = find(attributes, NFTA_CHAIN_HOOK)) {
    chain.hook = number(Attributes{*hook}, NFTA_HOOK_HOOKNUM).value_or(NF_INET_NUMHOOKS);
    chain.priority = static_cast<std::int32_t>(number(Attributes{*hook}, NFTA_HOOK_PRIORITY).value_or(0));
  }
  return chain;
}

std::optional<SeenRule> read_rule(const nlmsghdr& message) {
  if (!is_command(message, NFT_MSG_NEWRULE)) return {};
  Reader reader;
  const std::optional<Attribute> expressions =
      find(Attributes{message, sizeof(nfgenmsg)}, NFTA_RULE_EXPRESSIONS);
  SeenRule rule;
  if (expressions) {
    for (const Attribute expression : Attributes{*expressions}) reader.read(expression);
    rule = reader.result();
  }
  const std::optional<Attribute> handle = find(Attributes{message, sizeof(nfgenmsg)}, NFTA_RULE_HANDLE);
  rule.handle = handle ? handle->be64().value_or(0) : 0;
  return rule;
}

bool is_harm_in(const nlmsghdr& message, std::string_view table) {
  // The table's name is attribute 1 in all four kinds of message.
  static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1);
  constexpr std::array kChanges{NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE,
                                NFT_MSG_DELSET,   NFT_MSG_NEWTABLE, NFT_MSG_NEWCHAIN};
  const std::optional<SeenRule> rule = read_rule(message);
  const bool harm =
      rule ? rule->lets_by
           : std::ranges::any_of(kChanges, [&](unsigned command) { return is_command(message, command); });
  return harm && text(Attributes{message, sizeof(nfgenmsg)}, NFTA_TABLE_NAME) == table;
}

}  // namespace xlimit::sets
