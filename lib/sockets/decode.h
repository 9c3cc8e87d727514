// SPDX-License-Identifier: MIT
// Pure: netlink bytes to connections and back to the identity that names a socket in a request, so that a
// test can replay a recorded dump.
#pragma once

#include <linux/inet_diag.h>
#include <linux/netlink.h>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "sockets/connection.h"

namespace xlimit::sockets {

// One message of a sock_diag answer, which does not say the protocol. Absent when it is none, is cut short,
// or has a family or state that we don't know.
std::optional<Connection> decode(const nlmsghdr& message, Protocol protocol);

// All connections of the datagrams of one dump, up to its end or to the first message that is cut short.
std::vector<Connection> decode_dump(std::span<const std::byte> bytes, Protocol protocol);

// The identity in a request for exactly this socket, its cookie included.
inet_diag_sockid identity_of(const Connection& connection);

}  // namespace xlimit::sockets
