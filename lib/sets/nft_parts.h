// SPDX-License-Identifier: MIT
// What all builders and readers of nftables messages share (linux/netfilter/nf_tables.h). Pure.
#pragma once

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <optional>
#include <string_view>

#include "netlink/attributes.h"
#include "netlink/batch.h"
#include "sets/names.h"

namespace xlimit::sets::nft {

inline constexpr std::uint8_t protocol_of(Family family) { return family == Family::v4 ? 2 : 10; }

inline void begin(netlink::Batch& batch, unsigned command, unsigned flags, Family family,
                  std::uint32_t sequence) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | command),
              static_cast<std::uint16_t>(NLM_F_REQUEST | flags), sequence);
  if (nfgenmsg* header = batch.extra<nfgenmsg>()) header->nfgen_family = protocol_of(family);
}

// nf_tables' numbers are in network order and, unlike ipset's, don't say so in their type.
inline void put_number(netlink::Batch& batch, std::uint16_t type, std::uint32_t value) {
  batch.put_u32(type, __builtin_bswap32(value));
}

template <class Body>
void put_nest(netlink::Batch& batch, std::uint16_t type, Body body) {
  const std::size_t nest = batch.begin_nest(type);
  body();
  batch.end_nest(nest);
}

// How nft(8) marks a comment in what the kernel only keeps: type, length, text with its NUL.
inline constexpr std::uint8_t kUserComment = 7;

inline bool is_command(const nlmsghdr& message, unsigned command) {
  return message.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | command);
}

inline std::optional<netlink::Attribute> find(const netlink::Attributes& attributes, std::uint16_t type) {
  for (const netlink::Attribute attribute : attributes) {
    if (attribute.type() == type) return attribute;
  }
  return {};
}

inline std::optional<std::uint32_t> number(const netlink::Attributes& attributes, std::uint16_t type) {
  const std::optional<netlink::Attribute> attribute = find(attributes, type);
  return attribute ? attribute->be32() : std::nullopt;
}

inline std::string_view text(const netlink::Attributes& attributes, std::uint16_t type) {
  const std::optional<netlink::Attribute> attribute = find(attributes, type);
  return attribute ? attribute->text() : std::string_view{};
}

}  // namespace xlimit::sets::nft
