// SPDX-License-Identifier: MIT
// The messages about nftables' own sets, as bytes.
#include "sets/nft_message.h"

#include <algorithm>

#include "sets/nft_parts.h"

#include <linux/netfilter/nf_tables_compat.h>

namespace xlimit::sets {
namespace {

using nft::begin;
using nft::put_nest;
using nft::put_number;

// What nft(8) calls ipv4_addr and ipv6_addr; the kernel only keeps the number.
constexpr std::uint32_t kTypeV4 = 7, kTypeV6 = 8;
constexpr std::size_t kLongestComment = 128;

// Elements of IPv6 with both ends take 72 bytes; their list must stay below an attribute's 64 KiB.
constexpr std::size_t kMostIntervals = 800;

void put_set(netlink::Batch& batch, unsigned command, unsigned flags, const NftSet& set,
             std::uint32_t sequence) {
  static_assert(NFTA_SET_TABLE == 1 && NFTA_SET_NAME == 2);
  begin(batch, command, flags, set.family, sequence);
  batch.put_text(NFTA_SET_TABLE, set.table);
  batch.put_text(NFTA_SET_NAME, set.name);
}

void put_elements_of(netlink::Batch& batch, unsigned command, unsigned flags, const NftSet& set,
                     std::uint32_t sequence) {
  begin(batch, command, flags, set.family, sequence);
  batch.put_text(NFTA_SET_ELEM_LIST_TABLE, set.table);
  batch.put_text(NFTA_SET_ELEM_LIST_SET, set.name);
}

// By the set's family, not by the address: an IPv6 interval may end where the mapped addresses begin.
void put_key(netlink::Batch& batch, Family family, const ip::Address& key) {
  const std::span<const std::byte, 16> bytes = std::as_bytes(std::span{key.bytes()});
  put_nest(batch, NFTA_SET_ELEM_KEY,
           [&] { batch.put(NFTA_DATA_VALUE, bytes.last(family == Family::v4 ? 4 : 16)); });
}

template <class More>
void put_element(netlink::Batch& batch, Family family, const ip::Address& key, More more) {
  put_nest(batch, NFTA_LIST_ELEM, [&] {
    put_key(batch, family, key);
    more();
  });
}

void put_end(netlink::Batch& batch, Family family, const ip::Address& key) {
  put_element(batch, family, key, [&] { put_number(batch, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END); });
}

void put_comment(netlink::Batch& batch, std::string_view comment) {
  const std::string_view text = comment.substr(0, kLongestComment);
  std::string data{static_cast<char>(nft::kUserComment), static_cast<char>(text.size() + 1)};
  data.append(text).push_back('\0');
  batch.put(NFTA_SET_USERDATA, std::as_bytes(std::span{data}));
}

}  // namespace

void put_new_set(netlink::Batch& batch, const NftSet& set, const NftForm& form, std::uint32_t sequence) {
  put_set(batch, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, set, sequence);
  put_number(batch, NFTA_SET_FLAGS, form.intervals ? NFT_SET_INTERVAL : NFT_SET_TIMEOUT);
  put_number(batch, NFTA_SET_KEY_TYPE, set.family == Family::v4 ? kTypeV4 : kTypeV6);
  put_number(batch, NFTA_SET_KEY_LEN, set.family == Family::v4 ? 4 : 16);
  put_number(batch, NFTA_SET_ID, form.id);
  if (form.maximum != 0)
    put_nest(batch, NFTA_SET_DESC, [&] { put_number(batch, NFTA_SET_DESC_SIZE, form.maximum); });
  if (!form.comment.empty()) put_comment(batch, form.comment);
}

void put_delete_set(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence) {
  put_set(batch, NFT_MSG_DELSET, 0, set, sequence);
}

void put_get_set(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence) {
  put_set(batch, NFT_MSG_GETSET, 0, set, sequence);
}

void put_list_sets(netlink::Batch& batch, Family family, std::string_view table, std::uint32_t sequence) {
  begin(batch, NFT_MSG_GETSET, NLM_F_DUMP, family, sequence);
  batch.put_text(NFTA_SET_TABLE, table);
}

void put_insert(netlink::Batch& batch, const NftSet& set, const Entry& entry, std::uint32_t sequence) {
  put_elements_of(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, set, sequence);
  put_nest(batch, NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
    put_element(batch, set.family, entry.target.address(), [&] {
      const std::chrono::milliseconds timeout{entry.timeout};
      if (timeout.count() > 0)
        batch.put_be64(NFTA_SET_ELEM_TIMEOUT, static_cast<std::uint64_t>(timeout.count()));
    });
  });
}

void put_remove(netlink::Batch& batch, const NftSet& set, const ip::Address& key, std::uint32_t sequence) {
  put_elements_of(batch, NFT_MSG_DELSETELEM, 0, set, sequence);
  put_nest(batch, NFTA_SET_ELEM_LIST_ELEMENTS, [&] { put_element(batch, set.family, key, [] {}); });
}

void put_clear(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence) {
  put_elements_of(batch, NFT_MSG_DELSETELEM, 0, set, sequence);
}

std::size_t put_intervals(netlink::Batch& batch, const NftSet& set, std::span<const ip::Prefix> prefixes,
                          std::uint32_t sequence) {
  const std::span<const ip::Prefix> taken = prefixes.first(std::min(prefixes.size(), kMostIntervals));
  put_elements_of(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, set, sequence);
  put_nest(batch, NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
    for (const ip::Prefix& prefix : taken) {
      put_element(batch, set.family, prefix.address(), [] {});
      if (const std::optional<ip::Address> end = behind(prefix)) put_end(batch, set.family, *end);
    }
  });
  return taken.size();
}

void put_get_element(netlink::Batch& batch, const NftSet& set, const ip::Address& key,
                     std::uint32_t sequence) {
  put_elements_of(batch, NFT_MSG_GETSETELEM, 0, set, sequence);
  put_nest(batch, NFTA_SET_ELEM_LIST_ELEMENTS, [&] { put_element(batch, set.family, key, [] {}); });
}

void put_list_elements(netlink::Batch& batch, const NftSet& set, std::uint32_t sequence) {
  put_elements_of(batch, NFT_MSG_GETSETELEM, NLM_F_DUMP, set, sequence);
}

void put_ask_set_match(netlink::Batch& batch, std::uint32_t sequence) {
  batch.begin(NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET, NLM_F_REQUEST, sequence);
  if (nfgenmsg* header = batch.extra<nfgenmsg>()) header->nfgen_family = nft::protocol_of(Family::v4);
  batch.put_text(NFTA_COMPAT_NAME, "set");
  put_number(batch, NFTA_COMPAT_REV, 1);
  put_number(batch, NFTA_COMPAT_TYPE, 0);  // a match
}

}  // namespace xlimit::sets
