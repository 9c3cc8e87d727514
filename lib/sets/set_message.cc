// SPDX-License-Identifier: MIT
// The messages of the kernel's ipset subsystem, as bytes.
#include "sets/set_message.h"

#include <algorithm>

#include "netlink/attributes.h"

#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

namespace xlimit::sets {
namespace {

using netlink::Attribute;
using netlink::Attributes;

constexpr std::uint8_t kProtocol = 6;  // spoken by every kernel since 2.6.39

void begin(netlink::Batch& batch, unsigned command, unsigned flags, std::uint32_t sequence,
           std::uint8_t family = AF_UNSPEC) {
  batch.begin(static_cast<std::uint16_t>(NFNL_SUBSYS_IPSET << 8 | command),
              static_cast<std::uint16_t>(NLM_F_REQUEST | flags), sequence);
  if (nfgenmsg* header = batch.extra<nfgenmsg>()) header->nfgen_family = family;
  batch.put_u8(IPSET_ATTR_PROTOCOL, kProtocol);
}

std::uint8_t family_number(const ip::Prefix& target) { return target.is_v4() ? AF_INET : AF_INET6; }

unsigned command_of(Action action) {
  switch (action) {
    case Action::insert:
    case Action::replace: return IPSET_CMD_ADD;
    case Action::remove: return IPSET_CMD_DEL;
    case Action::test: return IPSET_CMD_TEST;
  }
  return IPSET_CMD_NONE;
}

// NLM_F_EXCL is what the ipset program calls the absence of "-exist".
unsigned flags_of(Action action) {
  return action == Action::insert || action == Action::remove ? NLM_F_ACK | NLM_F_EXCL : NLM_F_ACK;
}

std::optional<Entry> read_entry(const Attribute& data) {
  std::optional<ip::Address> address;
  std::optional<std::uint8_t> length;
  Entry entry;
  for (const Attribute attribute : Attributes{data}) {
    switch (attribute.type()) {
      case IPSET_ATTR_IP:
        for (const Attribute inner : Attributes{attribute}) {
          const std::span<const std::byte> bytes = inner.bytes();
          if (inner.type() == IPSET_ATTR_IPADDR_IPV4 && bytes.size() == 4)
            address = ip::Address::from_v4(bytes.data());
          if (inner.type() == IPSET_ATTR_IPADDR_IPV6 && bytes.size() == 16)
            address = ip::Address::from_v6(bytes.data());
        }
        break;
      case IPSET_ATTR_CIDR: length = attribute.u8(); break;
      case IPSET_ATTR_TIMEOUT: entry.timeout = std::chrono::seconds{attribute.be32().value_or(0)}; break;
      case IPSET_ATTR_CADT_FLAGS:
        if ((attribute.be32().value_or(0) & IPSET_FLAG_NOMATCH) != 0) return {};
        break;
      default: break;
    }
  }
  if (!address || length > address->bits()) return {};
  entry.target = length ? ip::Prefix{*address, *length} : ip::Prefix{*address};
  return entry;
}

void put_address(netlink::Batch& batch, const ip::Prefix& target) {
  const ip::Address& address = target.address();
  const std::size_t ip = batch.begin_nest(IPSET_ATTR_IP);
  batch.put(static_cast<std::uint16_t>((address.is_v4() ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6) |
                                       NLA_F_NET_BYTEORDER),
            std::as_bytes(std::span{address.wire(), address.wire_size()}));
  batch.end_nest(ip);
  batch.put_u8(IPSET_ATTR_CIDR, static_cast<std::uint8_t>(target.length()));
}

}  // namespace

void put_entry(netlink::Batch& batch, Action action, std::string_view set, const Entry& entry,
               std::uint32_t sequence) {
  begin(batch, command_of(action), flags_of(action), sequence, family_number(entry.target));
  batch.put_text(IPSET_ATTR_SETNAME, set);
  const std::size_t data = batch.begin_nest(IPSET_ATTR_DATA);
  put_address(batch, entry.target);
  if (action == Action::insert || action == Action::replace)
    batch.put_be32(IPSET_ATTR_TIMEOUT, static_cast<std::uint32_t>(entry.timeout.count()));
  batch.end_nest(data);
}

std::size_t put_prefixes(netlink::Batch& batch, std::string_view set, std::span<const ip::Prefix> prefixes,
                         std::uint32_t sequence) {
  const std::span<const ip::Prefix> taken = prefixes.first(std::min(prefixes.size(), kMostInMessage));
  if (taken.empty()) return 0;
  begin(batch, IPSET_CMD_ADD, NLM_F_ACK, sequence, family_number(taken.front()));
  batch.put_text(IPSET_ATTR_SETNAME, set);
  // Where the kernel writes the number of the entry that failed; required with several.
  batch.put_u32(IPSET_ATTR_LINENO, 0);
  const std::size_t all = batch.begin_nest(IPSET_ATTR_ADT);
  for (const ip::Prefix& prefix : taken) {
    const std::size_t data = batch.begin_nest(IPSET_ATTR_DATA);
    put_address(batch, prefix);
    batch.end_nest(data);
  }
  batch.end_nest(all);
  return taken.size();
}

void put_swap(netlink::Batch& batch, std::string_view set, std::string_view other, std::uint32_t sequence) {
  begin(batch, IPSET_CMD_SWAP, NLM_F_ACK, sequence);
  batch.put_text(IPSET_ATTR_SETNAME, set);
  batch.put_text(IPSET_ATTR_SETNAME2, other);
}

void put_list_names(netlink::Batch& batch, std::uint32_t sequence) {
  begin(batch, IPSET_CMD_LIST, NLM_F_DUMP, sequence);
  batch.put_be32(IPSET_ATTR_FLAGS, IPSET_FLAG_LIST_SETNAME);
}

std::string_view read_name(const nlmsghdr& message) {
  for (const Attribute attribute : Attributes{message, sizeof(nfgenmsg)}) {
    if (attribute.type() == IPSET_ATTR_SETNAME) return attribute.text();
  }
  return {};
}

void put_list(netlink::Batch& batch, std::string_view set, std::uint32_t sequence) {
  begin(batch, IPSET_CMD_LIST, NLM_F_DUMP, sequence);
  batch.put_text(IPSET_ATTR_SETNAME, set);
}

void put_flush(netlink::Batch& batch, std::string_view set, std::uint32_t sequence) {
  begin(batch, IPSET_CMD_FLUSH, NLM_F_ACK, sequence);
  batch.put_text(IPSET_ATTR_SETNAME, set);
}

void put_header(netlink::Batch& batch, std::string_view set, std::uint32_t sequence) {
  begin(batch, IPSET_CMD_HEADER, 0, sequence);
  batch.put_text(IPSET_ATTR_SETNAME, set);
}

void put_protocol(netlink::Batch& batch, std::uint32_t sequence) {
  begin(batch, IPSET_CMD_PROTOCOL, 0, sequence);
}

void read_entries(const nlmsghdr& message, const std::function<void(const Entry&)>& on_entry) {
  for (const Attribute attribute : Attributes{message, sizeof(nfgenmsg)}) {
    if (attribute.type() != IPSET_ATTR_ADT) continue;
    for (const Attribute data : Attributes{attribute}) {
      if (data.type() != IPSET_ATTR_DATA) continue;
      if (const std::optional<Entry> entry = read_entry(data)) on_entry(*entry);
    }
  }
}

}  // namespace xlimit::sets
