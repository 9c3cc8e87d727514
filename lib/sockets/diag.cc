// SPDX-License-Identifier: MIT
// Talking to sock_diag.
#include "sockets/diag.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/fd.h"
#include "netlink/batch.h"
#include "sockets/bytecode.h"
#include "sockets/decode.h"
#include "sockets/request.h"

namespace xlimit::sockets {
namespace {

using base::Exit;
using base::fail;
using base::failed;
using base::os_error;
using base::Result;

constexpr std::size_t kBuffer = std::size_t{64} * 1024;
// Destroy requests in one send: more bring nothing, and their acknowledgements must fit into the socket's
// buffer.
constexpr std::size_t kPerSend = 256;
static_assert(std::max(kPerSend, kMostTuples) * kRequest <= kBuffer && kMaxBytecode + kRequest <= kBuffer);

tl::unexpected<base::Error> destroy_error(int number) {
  if (number == EOPNOTSUPP)
    return fail(Exit::kUnavailable, "destroy sockets: this kernel is built without INET_DIAG_DESTROY");
  return os_error("destroy sockets", number);
}

// A UDP socket of our own, bound to nothing but a port, as a request would name it.
Result<Connection> own_socket(const base::Fd& fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  Connection own{.protocol = Protocol::udp, .family = AF_INET};
  socklen_t cookie_size = sizeof own.cookie;
  auto* place = reinterpret_cast<sockaddr*>(&address);
  if (!fd || ::bind(fd.get(), place, size) < 0 || ::getsockname(fd.get(), place, &size) < 0 ||
      ::getsockopt(fd.get(), SOL_SOCKET, SO_COOKIE, &own.cookie, &cookie_size) < 0)
    return os_error("make a socket");
  own.local_port = ntohs(address.sin_port);
  own.local = own.remote = ip::Address::v4(0);
  return own;
}

}  // namespace

Diag::Diag(netlink::Socket socket) : socket_(std::move(socket)), buffer_(new std::byte[kBuffer]) {}

Result<Diag> Diag::open() {
  Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_SOCK_DIAG);
  if (!socket) return fail(socket.error().code, "sock_diag: " + socket.error().text);
  return Diag{std::move(*socket)};
}

Result<std::optional<Connection>> Diag::find(const Tuple& tuple) {
  Result<std::vector<Found>> found = find_all({&tuple, 1});
  if (!found) return failed(found);
  return found->empty() ? std::nullopt : std::optional{found->front().connection};
}

Result<std::vector<Diag::Found>> Diag::find_all(std::span<const Tuple> tuples) {
  if (tuples.empty()) return std::vector<Found>{};
  netlink::Batch batch{{buffer_.get(), kBuffer}};
  const std::uint32_t first = sequence_ + 1;
  for (const Tuple& tuple : tuples) put_get(batch, tuple, ++sequence_);
  if (batch.full()) return fail(Exit::kSystem, "sock_diag: too many look-ups at once");
  if (Result<void> sent = socket_.send(batch.bytes()); !sent) return failed(sent);
  std::vector<Found> found;
  int error = 0;
  const auto on_message = [&](const nlmsghdr& message) {
    const std::size_t place = message.nlmsg_seq - first;
    const std::optional<Connection> connection = decode(message, Protocol::tcp);
    // For a connection that is gone the kernel shows the listener.
    if (!connection || place >= tuples.size() || (bit(connection->state) & kLive) == 0) return;
    if (connection->remote_port == tuples[place].remote_port && connection->remote == tuples[place].remote)
      found.push_back({place, *connection});
  };
  Result<void> received =
      socket_.receive_answers(batch.messages(), on_message, [&](std::uint32_t, int number) {
        // ESTALE: gone between its look-up and its cookie's check.
        if (number != 0 && number != ENOENT && number != ESTALE) error = number;
      });
  if (!received) return failed(received);
  if (error != 0) return os_error("look up a socket", error);
  return found;
}

Result<void> Diag::dump(std::span<const std::byte> request, Protocol protocol,
                        const OnConnection& on_connection) {
  Result<netlink::Dumped> dumped = socket_.dump(request, [&](const nlmsghdr& message) {
    if (const std::optional<Connection> connection = decode(message, protocol)) on_connection(*connection);
  });
  if (!dumped) return failed(dumped);
  return {};
}

Result<void> Diag::list_tcp(const Filter& filter, const OnConnection& on_connection) {
  const States states = filter.states() & kKillable;
  if (states == 0) return {};
  netlink::Batch batch{{buffer_.get(), kBuffer}};
  put_tcp_dump(batch, states, compile(filter), ++sequence_);
  Result<void> dumped = dump(batch.bytes(), Protocol::tcp, [&](const Connection& connection) {
    if (connection.has_peer() && filter.matches(connection)) on_connection(connection);
  });
  if (!dumped) return fail(dumped.error().code, "list TCP sockets: " + dumped.error().text);
  return {};
}

Result<void> Diag::list_udp(const Filter& filter, const OnConnection& on_connection) {
  if (lacks_udp_ || (filter.states() & bit(State::established)) == 0) return {};
  const std::vector<std::byte> bytecode = compile(filter);
  for (const std::uint8_t family : std::array<std::uint8_t, 2>{AF_INET, AF_INET6}) {
    netlink::Batch batch{{buffer_.get(), kBuffer}};
    put_udp_dump(batch, family, bit(State::established), bytecode, ++sequence_);
    Result<void> dumped = dump(batch.bytes(), Protocol::udp, [&](const Connection& connection) {
      if (connection.has_peer() && filter.matches(connection)) on_connection(connection);
    });
    // ENOENT: no udp_diag, or no IPv6.
    if (!dumped && dumped.error().code == Exit::kUnavailable) {
      lacks_udp_ = lacks_udp_ || family == AF_INET;
      return {};
    }
    if (!dumped) return fail(dumped.error().code, "list UDP sockets: " + dumped.error().text);
  }
  return {};
}

Result<void> Diag::list(const Filter& filter, const OnConnection& on_connection) {
  if (Result<void> listed = list_tcp(filter, on_connection); !listed) return listed;
  return list_udp(filter, on_connection);
}

Result<std::vector<Connection>> Diag::listeners() {
  netlink::Batch batch{{buffer_.get(), kBuffer}};
  put_tcp_dump(batch, bit(State::listening), {}, ++sequence_);
  std::vector<Connection> found;
  Result<void> dumped = dump(batch.bytes(), Protocol::tcp, [&](const Connection& connection) {
    if (connection.state == State::listening) found.push_back(connection);
  });
  if (!dumped) return fail(dumped.error().code, "list listening sockets: " + dumped.error().text);
  return found;
}

Result<bool> Diag::holds(const ip::Prefix& prefix) {
  bool held = false;
  const Filter filter = in_states(kProven) && remote_in(prefix);
  Result<void> listed = list_tcp(filter, [&](const Connection&) { held = true; });
  if (listed && !held) listed = list_udp(filter, [&](const Connection&) { held = true; });
  if (!listed) return failed(listed);
  return held;
}

Result<void> Diag::check_destroy() {
  const base::Fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const Result<Connection> own = own_socket(fd);
  // Without a socket of our own to try it on, the first real one will tell.
  if (!own) return {};
  netlink::Batch batch{{buffer_.get(), kBuffer}};
  put_destroy(batch, *own, ++sequence_);
  if (Result<void> sent = socket_.send(batch.bytes()); !sent) return sent;
  int error = 0;
  Result<void> received = socket_.receive(
      1, [](const nlmsghdr&) {}, [&](std::uint32_t, int number) { error = number; });
  if (!received) return received;
  if (error == EPERM || error == EOPNOTSUPP) return destroy_error(error);
  return {};
}

Result<unsigned> Diag::destroy(std::span<const Connection> connections, const OnConnection& on_destroyed) {
  unsigned destroyed = 0;
  for (std::size_t at = 0; at < connections.size(); at += kPerSend) {
    const std::size_t count = std::min(kPerSend, connections.size() - at);
    Result<unsigned> batch = destroy_batch(connections.subspan(at, count), on_destroyed);
    if (!batch) return batch;
    destroyed += *batch;
  }
  return destroyed;
}

Result<unsigned> Diag::destroy_batch(std::span<const Connection> connections,
                                     const OnConnection& on_destroyed) {
  netlink::Batch batch{{buffer_.get(), kBuffer}};
  const std::uint32_t first = sequence_ + 1;
  for (const Connection& connection : connections) {
    ++sequence_;
    if (connection.has_peer()) put_destroy(batch, connection, sequence_);
  }
  if (batch.empty()) return 0;
  if (Result<void> sent = socket_.send(batch.bytes()); !sent) return failed(sent);
  unsigned destroyed = 0;
  int error = 0;
  const auto on_ack = [&](std::uint32_t sequence, int number) {
    const std::size_t place = sequence - first;
    if (place >= connections.size()) return;
    if (number != 0 && number != ENOENT && number != ESTALE) error = number;  // those went by themselves
    if (number != 0) return;
    ++destroyed;
    if (on_destroyed) on_destroyed(connections[place]);
  };
  Result<void> received = socket_.receive(
      batch.messages(), [](const nlmsghdr&) {}, on_ack);
  if (!received) return failed(received);
  if (error != 0) return destroy_error(error);
  return destroyed;
}

}  // namespace xlimit::sockets
