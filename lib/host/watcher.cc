// SPDX-License-Identifier: MIT
// Dumps rtnetlink's address and route tables and listens for their changes.
#include "host/watcher.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <array>

#include "netlink/batch.h"

namespace xlimit::host {
namespace {

template <class Header>
base::Result<void> dump_into(netlink::Socket& socket, std::uint16_t type, Facts& facts) {
  alignas(nlmsghdr) std::array<std::byte, 64> buffer;
  netlink::Batch request{buffer};
  request.begin(type, NLM_F_REQUEST | NLM_F_DUMP, type);
  (void)request.extra<Header>();  // family AF_UNSPEC: both
  base::Result<netlink::Dumped> dumped =
      socket.dump(request.bytes(), [&](const nlmsghdr& message) { collect(message, facts); });
  if (!dumped) return base::failed(dumped);
  return {};
}

}  // namespace

base::Result<Watcher> Watcher::open() {
  base::Result<netlink::Socket> tables = netlink::Socket::open(NETLINK_ROUTE);
  if (!tables) return base::failed(tables);
  base::Result<netlink::Socket> news = netlink::Socket::open(
      NETLINK_ROUTE, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
  if (!news) return base::failed(news);
  return Watcher{std::move(*tables), std::move(*news)};
}

base::Result<Facts> Watcher::read() {
  // A table that changes under the dump also sends a notification, so the next read() mends it.
  Facts facts;
  base::Result<void> done = dump_into<ifaddrmsg>(tables_, RTM_GETADDR, facts);
  if (done) done = dump_into<rtmsg>(tables_, RTM_GETROUTE, facts);
  if (!done) return base::failed(done);
  return facts;
}

base::Result<Facts> Watcher::current() {
  if (changed()) known_.reset();
  if (known_) return *known_;
  base::Result<Facts> facts = read();
  if (facts) known_ = *facts;
  return facts;
}

bool Watcher::changed() {
  bool relevant = false;
  const base::Result<void> read =
      news_.receive_now([&](const nlmsghdr& message) { relevant = relevant || matters(message); });
  return relevant || !read;
}

}  // namespace xlimit::host
