// SPDX-License-Identifier: MIT
// What is read from rtnetlink's messages, recorded and damaged.
#include "host/facts.h"

#include <array>

#include "netlink/batch.h"

#include <doctest/doctest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

using namespace xlimit;

namespace {

ip::Prefix prefix(std::string_view text) { return ip::parse_prefix(text).value(); }
ip::Address address(std::string_view text) { return ip::parse_address(text).value(); }

// One message under construction.
struct Message {
  alignas(nlmsghdr) std::array<std::byte, 512> buffer{};
  netlink::Batch batch{buffer};

  void put_address(std::uint16_t type, std::string_view text) {
    const ip::Address value = address(text);
    batch.put(type, std::as_bytes(std::span{value.wire(), value.wire_size()}));
  }
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(buffer.data()); }
  host::Facts facts() {
    host::Facts facts;
    host::collect(header(), facts);
    return facts;
  }
};

void begin_route(Message& message, std::uint8_t type, std::uint8_t length) {
  message.batch.begin(RTM_NEWROUTE, 0, 1);
  rtmsg* route = message.batch.extra<rtmsg>();
  route->rtm_type = type;
  route->rtm_dst_len = length;
}

}  // namespace

TEST_CASE("an address of an interface is own; on a point-to-point link the other end is not") {
  Message message;
  message.batch.begin(RTM_NEWADDR, 0, 1);
  (void)message.batch.extra<ifaddrmsg>();
  message.put_address(IFA_ADDRESS, "198.51.100.9");
  CHECK(message.facts().own == std::vector{prefix("198.51.100.9")});
  message.put_address(IFA_LOCAL, "192.0.2.1");
  CHECK(message.facts().own == std::vector{prefix("192.0.2.1")});
}

TEST_CASE("the next hop of a default route is a gateway, that of another route is not") {
  Message other;
  begin_route(other, RTN_UNICAST, 24);
  other.put_address(RTA_GATEWAY, "192.0.2.254");
  CHECK(other.facts().gateways.empty());
  Message message;
  begin_route(message, RTN_UNICAST, 0);
  message.put_address(RTA_GATEWAY, "192.0.2.254");
  CHECK(message.facts().gateways == std::vector{address("192.0.2.254")});
}

TEST_CASE("an IPv4 route through an IPv6 neighbour has that as its gateway") {
  Message message;
  begin_route(message, RTN_UNICAST, 0);
  std::array<std::byte, 18> via{std::byte{AF_INET6}};
  const ip::Address gateway = address("fe80::1");
  std::memcpy(via.data() + 2, gateway.wire(), 16);
  message.batch.put(RTA_VIA, via);
  CHECK(message.facts().gateways == std::vector{gateway});
}

TEST_CASE("every path of a multipath default route is a gateway") {
  // Two hops, each an rtnexthop of 8 bytes and RTA_GATEWAY: 192.0.2.1 and 192.0.2.2.
  const std::array<std::uint8_t, 32> hops{16, 0, 0, 0, 2, 0, 0, 0, 8, 0, 5, 0, 192, 0, 2, 1,
                                          16, 0, 0, 0, 3, 0, 0, 0, 8, 0, 5, 0, 192, 0, 2, 2};
  Message message;
  begin_route(message, RTN_UNICAST, 0);
  message.batch.put(RTA_MULTIPATH, std::as_bytes(std::span{hops}));
  CHECK(message.facts().gateways == std::vector{address("192.0.2.1"), address("192.0.2.2")});
  // A hop that claims more bytes than there are ends the walk.
  std::array<std::uint8_t, 32> cut = hops;
  cut[16] = 200;
  Message damaged;
  begin_route(damaged, RTN_UNICAST, 0);
  damaged.batch.put(RTA_MULTIPATH, std::as_bytes(std::span{cut}));
  CHECK(damaged.facts().gateways == std::vector{address("192.0.2.1")});
}

TEST_CASE("a prefix routed to this host is own") {
  Message message;
  begin_route(message, RTN_LOCAL, 24);
  message.put_address(RTA_DST, "203.0.113.0");
  CHECK(message.facts().own == std::vector{prefix("203.0.113.0/24")});
}

TEST_CASE("an unreachable default route has no gateway") {
  Message message;
  begin_route(message, RTN_UNREACHABLE, 0);
  message.put_address(RTA_GATEWAY, "192.0.2.254");
  CHECK(message.facts().gateways.empty());
}

TEST_CASE("a message cut short anywhere is read as far as it goes") {
  Message message;
  begin_route(message, RTN_UNICAST, 0);
  message.put_address(RTA_GATEWAY, "2001:db8::1");
  const std::uint32_t whole = message.header().nlmsg_len;
  for (std::uint32_t length = sizeof(nlmsghdr); length < whole; ++length) {
    message.header().nlmsg_len = length;
    CHECK(message.facts().gateways.empty());
  }
}

TEST_CASE("news matter when they are about addresses, default routes or local routes") {
  Message message;
  begin_route(message, RTN_UNICAST, 24);
  CHECK_FALSE(host::matters(message.header()));
  Message dflt;
  begin_route(dflt, RTN_UNICAST, 0);
  CHECK(host::matters(dflt.header()));
  Message local;
  begin_route(local, RTN_LOCAL, 32);
  CHECK(host::matters(local.header()));
  local.header().nlmsg_type = RTM_DELADDR;
  CHECK(host::matters(local.header()));
}
