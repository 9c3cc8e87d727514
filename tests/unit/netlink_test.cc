// SPDX-License-Identifier: MIT
// Building netlink messages, and reading the kernel's answers on a bus that everybody may use.
#include <doctest/doctest.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>

#include "netlink/batch.h"
#include "netlink/messages.h"
#include "netlink/socket.h"

using namespace xlimit;

namespace {

struct Buffer {
  alignas(nlmsghdr) std::array<std::byte, 256> bytes{};
};

}  // namespace

TEST_CASE("two messages stand one behind the other, each with its own length") {
  Buffer buffer;
  netlink::Batch batch{buffer.bytes};
  batch.begin(RTM_GETADDR, NLM_F_REQUEST, 1);
  batch.extra<rtgenmsg>();
  batch.begin(RTM_GETLINK, NLM_F_REQUEST, 2);
  batch.put_u8(7, 5);
  CHECK(batch.messages() == 2);
  auto left = static_cast<int>(batch.bytes().size());
  const auto* first = reinterpret_cast<const nlmsghdr*>(batch.bytes().data());
  REQUIRE(mnl_nlmsg_ok(first, left));
  CHECK(first->nlmsg_len == 20);
  const nlmsghdr* second = mnl_nlmsg_next(first, &left);
  REQUIRE(mnl_nlmsg_ok(second, left));
  CHECK(second->nlmsg_seq == 2);
  CHECK(second->nlmsg_len == 24);
  CHECK(left == 24);
}

TEST_CASE("a nest's length covers what is inside") {
  Buffer buffer;
  netlink::Batch batch{buffer.bytes};
  batch.begin(1, 0, 0);
  const std::size_t nest = batch.begin_nest(3);
  batch.put_text(1, "xlimit4");
  batch.put_be32(2, 1);
  batch.end_nest(nest);
  const auto* attribute = reinterpret_cast<const nlattr*>(batch.bytes().data() + sizeof(nlmsghdr));
  CHECK(attribute->nla_type == (3 | NLA_F_NESTED));
  CHECK(attribute->nla_len == 4 + 12 + 8);
}

TEST_CASE("what does not fit is left out and told") {
  Buffer buffer;
  netlink::Batch batch{buffer.bytes};
  batch.begin(1, 0, 1);
  const std::size_t whole = batch.bytes().size();
  batch.put(1, std::array<std::byte, 300>{});
  CHECK(batch.full());
  CHECK(batch.bytes().size() == whole);
}

TEST_CASE("a length that lies ends the messages") {
  for (const std::uint32_t length : {0U, 15U, 21U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    Buffer buffer;
    netlink::Batch batch{buffer.bytes};
    batch.begin(RTM_GETADDR, NLM_F_REQUEST, 1);
    batch.extra<rtgenmsg>();
    reinterpret_cast<nlmsghdr*>(buffer.bytes.data())->nlmsg_len = length;
    INFO(length);
    CHECK(netlink::Messages{batch.bytes()}.next() == nullptr);
  }
}

TEST_CASE("a dump gives the loopback interface") {
  base::Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_ROUTE);
  REQUIRE(socket);
  Buffer buffer;
  netlink::Batch batch{buffer.bytes};
  batch.begin(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 7);
  batch.extra<ifinfomsg>();
  bool loopback = false;
  REQUIRE(socket->dump(batch.bytes(), [&](const nlmsghdr& message) {
    const auto& link = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
    loopback = loopback || (link.ifi_flags & IFF_LOOPBACK) != 0;
  }));
  CHECK(loopback);
}

TEST_CASE("every request of a batch is acknowledged by its number") {
  base::Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_ROUTE);
  REQUIRE(socket);
  Buffer buffer;
  netlink::Batch batch{buffer.bytes};
  for (const std::uint32_t sequence : {11U, 12U}) {
    batch.begin(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, sequence);
    batch.extra<ifinfomsg>()->ifi_index = 0x7fffffff;
  }
  REQUIRE(socket->send(batch.bytes()));
  std::vector<std::pair<std::uint32_t, int>> acks;
  REQUIRE(socket->receive(
      2, [](const nlmsghdr&) {},
      [&](std::uint32_t sequence, int error) { acks.emplace_back(sequence, error); }));
  REQUIRE(acks.size() == 2);
  CHECK(acks[0] == std::pair{11U, ENODEV});
  CHECK(acks[1] == std::pair{12U, ENODEV});
}

TEST_CASE("a refused dump is an error, not an empty answer") {
  base::Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_ROUTE);
  REQUIRE(socket);
  Buffer buffer;
  netlink::Batch batch{buffer.bytes};
  batch.begin(RTM_MAX + 1, NLM_F_REQUEST | NLM_F_DUMP, 1);
  batch.extra<ifinfomsg>();
  const auto dumped = socket->dump(batch.bytes(), [](const nlmsghdr&) {});
  REQUIRE_FALSE(dumped);
  CHECK(dumped.error().text.find("not supported") != std::string::npos);
}

TEST_CASE("a bus that the kernel lacks is unavailable") {
  const base::Result<netlink::Socket> socket = netlink::Socket::open(31);
  REQUIRE_FALSE(socket);
  CHECK(socket.error().code == base::Exit::kUnavailable);
}
