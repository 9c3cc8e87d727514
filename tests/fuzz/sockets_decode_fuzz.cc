// SPDX-License-Identifier: MIT
// Any bytes as an answer of sock_diag: no crash, no read beyond the end, and what is understood goes back as
// it came.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "sockets/decode.h"
#include "sockets/listing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xlimit;
  // A copy of its own size, so that a sanitizer sees the first byte too far; new aligns it as the kernel
  // does.
  const std::unique_ptr<std::byte[]> bytes{new std::byte[size]};
  if (size > 0) std::memcpy(bytes.get(), data, size);
  for (const sockets::Connection& connection :
       sockets::decode_dump({bytes.get(), size}, sockets::Protocol::tcp)) {
    const inet_diag_sockid id = sockets::identity_of(connection);
    if ((id.idiag_cookie[0] | std::uint64_t{id.idiag_cookie[1]} << 32) != connection.cookie) std::abort();
    if (connection.has_peer() && connection.state == sockets::State::listening) std::abort();
    if (format_connections({&connection, 1}, sockets::Form::json).back() != '\n') std::abort();
  }
  return 0;
}
