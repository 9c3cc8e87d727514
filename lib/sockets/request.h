// SPDX-License-Identifier: MIT
// Pure: the requests that sock_diag understands, written into a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "netlink/batch.h"
#include "sockets/connection.h"
#include "sockets/diag.h"

namespace xlimit::sockets {

// Room that one request without bytecode takes.
inline constexpr std::size_t kRequest = 128;

// A look-up of one TCP connection. The kernel answers with the *listener* when there is no such connection.
void put_get(netlink::Batch& batch, const Tuple& tuple, std::uint32_t sequence);

// A dump of both families' TCP sockets in one walk: the old request, which takes any family.
void put_tcp_dump(netlink::Batch& batch, States states, std::span<const std::byte> bytecode,
                  std::uint32_t sequence);

// A dump of one family's UDP sockets.
void put_udp_dump(netlink::Batch& batch, std::uint8_t family, States states,
                  std::span<const std::byte> bytecode, std::uint32_t sequence);

// The end of one socket, named by its cookie and never by its addresses alone: without a cookie the kernel
// destroys the listener when the connection is gone.
void put_destroy(netlink::Batch& batch, const Connection& connection, std::uint32_t sequence);

}  // namespace xlimit::sockets
