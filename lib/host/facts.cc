// SPDX-License-Identifier: MIT
// Reads rtnetlink's address and route messages (linux/if_addr.h, linux/rtnetlink.h).
#include "host/facts.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "netlink/attributes.h"

namespace xlimit::host {
namespace {

using netlink::Attribute;
using netlink::Attributes;

template <class Header>
std::optional<Header> header_of(const nlmsghdr& message) {
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(Header))) return {};
  Header header;
  std::memcpy(&header, reinterpret_cast<const std::byte*>(&message) + NLMSG_HDRLEN, sizeof header);
  return header;
}

std::optional<ip::Address> address_in(std::span<const std::byte> bytes) {
  if (bytes.size() == 4) return ip::Address::from_v4(bytes.data());
  if (bytes.size() == 16) return ip::Address::from_v6(bytes.data());
  return {};
}

void collect_address(const nlmsghdr& message, Facts& facts) {
  if (!header_of<ifaddrmsg>(message)) return;
  std::optional<ip::Address> local, address;
  for (const Attribute attribute : Attributes{message, sizeof(ifaddrmsg)}) {
    // On a point-to-point link IFA_ADDRESS is the other end; IFA_LOCAL, where present, is ours.
    if (attribute.type() == IFA_LOCAL) local = address_in(attribute.bytes());
    if (attribute.type() == IFA_ADDRESS) address = address_in(attribute.bytes());
  }
  if (!local) local = address;
  if (local) facts.own.emplace_back(*local);
}

void collect_gateway(const Attribute& attribute, Facts& facts) {
  std::optional<ip::Address> gateway;
  if (attribute.type() == RTA_GATEWAY) gateway = address_in(attribute.bytes());
  // A family and an address, for IPv4 routes through an IPv6 neighbour.
  if (attribute.type() == RTA_VIA && attribute.bytes().size() > sizeof(rtvia))
    gateway = address_in(attribute.bytes().subspan(sizeof(rtvia)));
  if (gateway) facts.gateways.push_back(*gateway);
}

// RTA_MULTIPATH: a row of rtnexthop, each with attributes of its own.
void collect_multipath(std::span<const std::byte> hops, Facts& facts) {
  while (hops.size() >= sizeof(rtnexthop)) {
    rtnexthop hop;
    std::memcpy(&hop, hops.data(), sizeof hop);
    if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size()) return;
    for (const Attribute inner : Attributes{hops.subspan(sizeof hop, hop.rtnh_len - sizeof hop)})
      collect_gateway(inner, facts);
    hops = hops.subspan(std::min<std::size_t>(NLMSG_ALIGN(hop.rtnh_len), hops.size()));
  }
}

void collect_local_route(const nlmsghdr& message, unsigned length, Facts& facts) {
  for (const Attribute attribute : Attributes{message, sizeof(rtmsg)}) {
    if (attribute.type() != RTA_DST) continue;
    if (const std::optional<ip::Address> address = address_in(attribute.bytes()))
      facts.own.emplace_back(*address, length);
  }
}

void collect_route(const nlmsghdr& message, Facts& facts) {
  const std::optional<rtmsg> route = header_of<rtmsg>(message);
  if (!route) return;
  if (route->rtm_type == RTN_LOCAL) return collect_local_route(message, route->rtm_dst_len, facts);
  if (route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST) return;
  for (const Attribute attribute : Attributes{message, sizeof(rtmsg)}) {
    if (attribute.type() == RTA_MULTIPATH)
      collect_multipath(attribute.bytes(), facts);
    else
      collect_gateway(attribute, facts);
  }
}

}  // namespace

void collect(const nlmsghdr& message, Facts& facts) {
  if (message.nlmsg_type == RTM_NEWADDR) collect_address(message, facts);
  if (message.nlmsg_type == RTM_NEWROUTE) collect_route(message, facts);
}

bool matters(const nlmsghdr& message) {
  if (message.nlmsg_type == RTM_NEWADDR || message.nlmsg_type == RTM_DELADDR) return true;
  if (message.nlmsg_type != RTM_NEWROUTE && message.nlmsg_type != RTM_DELROUTE) return false;
  // A router may learn a hundred thousand routes a minute; only these concern us.
  const std::optional<rtmsg> route = header_of<rtmsg>(message);
  return route && (route->rtm_dst_len == 0 || route->rtm_type == RTN_LOCAL);
}

}  // namespace xlimit::host
