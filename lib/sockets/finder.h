// SPDX-License-Identifier: MIT
// Finds the connections of a client of whom only the address and ports are known, as log lines have them,
// without a walk of the kernel's table: by asking for them at every place where this host listens.
//
//   Finder finder{diag, [&] { return watcher.read().map(...own...); }};  // host::Facts::own will do
//   Result<std::optional<Connection>> connection = finder.find(client, port);
//
// Needs no privilege. Clients of a listener bound to an address that is not this host's (transparent proxies)
// are not found; a dump finds them.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"
#include "sockets/diag.h"

namespace xlimit::sockets {

// A place where clients connect to.
struct Endpoint {
  ip::Address address;
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

// Most places that one look-up asks at, and most ports that one looks for.
inline constexpr std::size_t kMaxEndpoints = 64;
inline constexpr std::size_t kMaxPorts = 16;
// Questions to the kernel beyond the first send: more would cost as much as a walk of a small table.
inline constexpr std::size_t kMostLookUps = 128;
static_assert(kMaxEndpoints <= kMostLookUps);
// A look-up that misses may be the first client of a new listener; listeners are read again at most this
// often.
inline constexpr std::chrono::milliseconds kRefresh{100};

// Pure: where clients may connect to, wildcard listeners spread over the host's own addresses. Endpoints of
// `known` keep their order and come first. Nothing doubled.
std::vector<Endpoint> endpoints_of(const std::vector<Connection>& listeners,
                                   const std::vector<ip::Prefix>& own, const std::vector<Endpoint>& known);

class Finder {
 public:
  using OwnAddresses = std::function<base::Result<std::vector<ip::Prefix>>()>;
  // Some that were found, never none; called again when there are more. An error ends the look-up.
  using OnFound = std::function<base::Result<void>(std::span<const Connection>)>;

  // `diag` must live as long. `own_addresses` is asked whenever the listeners are read. Connections in other
  // states than `wanted` are passed over.
  Finder(Diag& diag, OwnAddresses own_addresses, States wanted = kLive)
      : diag_(diag), own_addresses_(std::move(own_addresses)), wanted_(wanted) {}

  // Reads the listeners now, so that the first look-up need not. May be left out.
  base::Result<void> refresh();
  // The TCP connection of this peer, or none. Fails when the kernel cannot be asked.
  base::Result<std::optional<Connection>> find(const ip::Address& remote, std::uint16_t port);
  // The TCP connections of this peer from these ports (beyond kMaxPorts they are not looked for). Those that
  // are where clients were met last do not wait until ports that are gone have been asked for everywhere; of
  // many ports not found there only the first are.
  base::Result<void> find_all(const ip::Address& remote, std::span<const std::uint16_t> ports,
                              const OnFound& on_found);
  // The same only where clients were met last, as far as one short send asks: some 10 us, 50 where there is
  // none.
  base::Result<std::vector<Connection>> find_near(const ip::Address& remote,
                                                  std::span<const std::uint16_t> ports);

 private:
  using Clock = std::chrono::steady_clock;

  enum class Reach : std::uint8_t { near, far };
  // Returns how many were found.
  base::Result<std::size_t> search(const ip::Address& remote, std::span<const std::uint16_t> ports,
                                   const std::vector<Endpoint>& places, Reach reach, const OnFound& on_found);
  void move_to_front(const Endpoint& endpoint);

  Diag& diag_;
  OwnAddresses own_addresses_;
  States wanted_;
  std::vector<Endpoint> endpoints_;  // most recently hit first
  std::optional<Clock::time_point> refreshed_;
};

}  // namespace xlimit::sockets
