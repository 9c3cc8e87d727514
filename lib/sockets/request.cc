// SPDX-License-Identifier: MIT
// sock_diag's requests (include/uapi/linux/inet_diag.h).
#include "sockets/request.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "sockets/decode.h"

namespace xlimit::sockets {
namespace {

// Request sockets are SYN_RECV to us and have a state of their own inside the kernel (TCP_NEW_SYN_RECV).
constexpr States with_requests(States states) {
  return (states & bit(State::syn_recv)) != 0 ? states | States{1} << 12 : states;
}

inet_diag_req_v2* put_request(netlink::Batch& batch, std::uint16_t type, std::uint16_t flags,
                              std::uint8_t family, Protocol protocol, std::uint32_t sequence) {
  batch.begin(type, static_cast<std::uint16_t>(NLM_F_REQUEST | flags), sequence);
  auto* request = batch.extra<inet_diag_req_v2>();
  if (request == nullptr) return nullptr;
  request->sdiag_family = family;
  request->sdiag_protocol = static_cast<std::uint8_t>(protocol);
  return request;
}

}  // namespace

void put_get(netlink::Batch& batch, const Tuple& tuple, std::uint32_t sequence) {
  // Asked for with IPv4 addresses the kernel also finds the socket that is IPv6 with mapped ones.
  const std::uint8_t family = tuple.remote.is_v4() ? AF_INET : AF_INET6;
  inet_diag_req_v2* request = put_request(batch, SOCK_DIAG_BY_FAMILY, 0, family, Protocol::tcp, sequence);
  if (request == nullptr) return;
  request->idiag_states = kAllStates;
  request->id = identity_of({.family = family,
                             .local_port = tuple.local_port,
                             .remote_port = tuple.remote_port,
                             .cookie = ~std::uint64_t{0},  // INET_DIAG_NOCOOKIE, twice
                             .local = tuple.local,
                             .remote = tuple.remote});
}

void put_tcp_dump(netlink::Batch& batch, States states, std::span<const std::byte> bytecode,
                  std::uint32_t sequence) {
  batch.begin(TCPDIAG_GETSOCK, NLM_F_REQUEST | NLM_F_DUMP, sequence);
  auto* request = batch.extra<inet_diag_req>();
  if (request == nullptr) return;
  request->idiag_family = AF_UNSPEC;
  request->idiag_states = with_requests(states);
  if (!bytecode.empty()) batch.put(INET_DIAG_REQ_BYTECODE, bytecode);
}

void put_udp_dump(netlink::Batch& batch, std::uint8_t family, States states,
                  std::span<const std::byte> bytecode, std::uint32_t sequence) {
  inet_diag_req_v2* request =
      put_request(batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family, Protocol::udp, sequence);
  if (request == nullptr) return;
  request->idiag_states = states;
  if (!bytecode.empty()) batch.put(INET_DIAG_REQ_BYTECODE, bytecode);
}

void put_destroy(netlink::Batch& batch, const Connection& connection, std::uint32_t sequence) {
  inet_diag_req_v2* request =
      put_request(batch, SOCK_DESTROY, NLM_F_ACK, connection.family, connection.protocol, sequence);
  if (request == nullptr) return;
  request->idiag_states = kKillable;
  request->id = identity_of(connection);
}

}  // namespace xlimit::sockets
