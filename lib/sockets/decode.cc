// SPDX-License-Identifier: MIT
// The kernel's inet_diag_msg and inet_diag_sockid (include/uapi/linux/inet_diag.h).
#include "sockets/decode.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>

#include <cstring>

#include "netlink/messages.h"

namespace xlimit::sockets {
namespace {

ip::Address read_address(std::uint8_t family, const __be32* words) {
  return family == AF_INET ? ip::Address::from_v4(words) : ip::Address::from_v6(words);
}

// An AF_INET6 socket with IPv4 addresses wants them mapped, which is how ip::Address keeps them.
void write_address(std::uint8_t family, const ip::Address& address, __be32* words) {
  const ip::Address::Bytes& bytes = address.bytes();
  if (family == AF_INET)
    std::memcpy(words, bytes.data() + 12, 4);
  else
    std::memcpy(words, bytes.data(), bytes.size());
}

}  // namespace

std::optional<Connection> decode(const nlmsghdr& message, Protocol protocol) {
  // TCPDIAG_GETSOCK answers carry their own type.
  if (message.nlmsg_type != SOCK_DIAG_BY_FAMILY && message.nlmsg_type != TCPDIAG_GETSOCK) return {};
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return {};
  const auto& seen = *static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(&message));
  if (seen.idiag_family != AF_INET && seen.idiag_family != AF_INET6) return {};
  if (seen.idiag_state < 1 || seen.idiag_state > static_cast<unsigned>(State::closing)) return {};
  return Connection{
      .protocol = protocol,
      .family = seen.idiag_family,
      .state = State{seen.idiag_state},
      .local_port = ntohs(seen.id.idiag_sport),
      .remote_port = ntohs(seen.id.idiag_dport),
      .interface = seen.id.idiag_if,
      .cookie = seen.id.idiag_cookie[0] | std::uint64_t{seen.id.idiag_cookie[1]} << 32,
      .local = read_address(seen.idiag_family, seen.id.idiag_src),
      .remote = read_address(seen.idiag_family, seen.id.idiag_dst),
  };
}

std::vector<Connection> decode_dump(std::span<const std::byte> bytes, Protocol protocol) {
  std::vector<Connection> connections;
  netlink::Messages messages{bytes};
  while (const nlmsghdr* message = messages.next()) {
    if (message->nlmsg_type == NLMSG_DONE) break;
    if (const std::optional<Connection> connection = decode(*message, protocol))
      connections.push_back(*connection);
  }
  return connections;
}

inet_diag_sockid identity_of(const Connection& connection) {
  inet_diag_sockid id{};
  id.idiag_sport = htons(connection.local_port);
  id.idiag_dport = htons(connection.remote_port);
  write_address(connection.family, connection.local, id.idiag_src);
  write_address(connection.family, connection.remote, id.idiag_dst);
  id.idiag_if = connection.interface;
  id.idiag_cookie[0] = static_cast<std::uint32_t>(connection.cookie);
  id.idiag_cookie[1] = static_cast<std::uint32_t>(connection.cookie >> 32);
  return id;
}

}  // namespace xlimit::sockets
