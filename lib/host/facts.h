// SPDX-License-Identifier: MIT
// What this host answers to and where its default routes lead, read from rtnetlink messages. Pure: bytes in,
// values out.
#pragma once

#include <linux/netlink.h>

#include <vector>

#include "ip/address.h"
#include "ip/prefix.h"

namespace xlimit::host {

struct Facts {
  std::vector<ip::Prefix> own;  // addresses of interfaces, and prefixes routed to this host ("local" routes)
  std::vector<ip::Address> gateways;  // next hops of default routes, in every table
};

// Adds what an RTM_NEWADDR or RTM_NEWROUTE message says; others, and malformed ones, add nothing.
void collect(const nlmsghdr& message, Facts& facts);

// Does this notification change what collect() would find?
bool matters(const nlmsghdr& message);

}  // namespace xlimit::host
