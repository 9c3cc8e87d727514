// SPDX-License-Identifier: MIT
// The kernel's sock_diag: finds, lists and destroys TCP sockets and connected UDP sockets of this network
// namespace.
//
//   Result<Diag> diag = Diag::open();
//   diag->list(remote_in(prefix) && in_states(kLive), [&](const Connection& connection) { ... });
//   diag->destroy(connections);
//
// Finding and listing need no privilege, destroying needs CAP_NET_ADMIN.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"
#include "netlink/socket.h"
#include "sockets/connection.h"
#include "sockets/filter.h"

namespace xlimit::sockets {

// The two ends of a TCP connection, as seen from here.
struct Tuple {
  ip::Address local{};
  ip::Address remote{};
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
};

// Most look-ups in one send.
inline constexpr std::size_t kMostTuples = 256;

class Diag {
 public:
  using OnConnection = std::function<void(const Connection&)>;

  // Fails with kUnavailable when the kernel has no sock_diag.
  static base::Result<Diag> open();

  // The live TCP connection with these ends, whichever kind of socket holds it. No walk of a table: some 5
  // us.
  base::Result<std::optional<Connection>> find(const Tuple& tuple);
  // Those of the tuples that are live connections, with their places. One send for all, at most kMostTuples.
  struct Found {
    std::size_t place;
    Connection connection;
  };
  base::Result<std::vector<Found>> find_all(std::span<const Tuple> tuples);

  // Gives every socket with a peer that the filter matches: TCP of both families in one walk of the kernel's
  // table, then connected UDP. Listening, closed and unconnected sockets are never given. A dump that the
  // table's changes interrupted is still given: whoever needs certainty looks again.
  base::Result<void> list(const Filter& filter, const OnConnection& on_connection);
  base::Result<void> list_tcp(const Filter& filter, const OnConnection& on_connection);
  // Without udp_diag in the kernel nothing is given, and lacks_udp() becomes true.
  base::Result<void> list_udp(const Filter& filter, const OnConnection& on_connection);
  bool lacks_udp() const { return lacks_udp_; }

  // The listening TCP sockets.
  base::Result<std::vector<Connection>> listeners();

  // Whether a socket here has its peer in `prefix`: TCP in a state of kProven, or connected UDP. Walks the
  // table: 0.3 ms and more.
  base::Result<bool> holds(const ip::Prefix& prefix);

  // Whether destroy() may be called at all, tried on a socket of our own: fails with kPermission without
  // CAP_NET_ADMIN, with kUnavailable when the kernel was built without INET_DIAG_DESTROY.
  base::Result<void> check_destroy();
  // Destroys exactly these sockets, by their cookies, and returns how many there still were; each of them
  // goes to `on_destroyed`. Those without a peer are skipped.
  base::Result<unsigned> destroy(std::span<const Connection> connections,
                                 const OnConnection& on_destroyed = {});

 private:
  explicit Diag(netlink::Socket socket);
  base::Result<void> dump(std::span<const std::byte> request, Protocol protocol,
                          const OnConnection& on_connection);
  base::Result<unsigned> destroy_batch(std::span<const Connection> connections,
                                       const OnConnection& on_destroyed);

  netlink::Socket socket_;
  std::unique_ptr<std::byte[]> buffer_;
  std::uint32_t sequence_ = 0;
  bool lacks_udp_ = false;
};

}  // namespace xlimit::sockets
