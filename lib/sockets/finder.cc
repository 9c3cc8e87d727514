// SPDX-License-Identifier: MIT
// Which endpoints to ask at, and in which order.
#include "sockets/finder.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace xlimit::sockets {
namespace {

using base::failed;
using base::Result;
using Found = std::optional<Connection>;

// Look-ups sent together: nearly always the endpoint that was hit last is hit again, so the others are not
// asked along with it.
constexpr std::array<std::size_t, 3> kWaves{1, 7, kMaxEndpoints - 8};

void add(std::vector<Endpoint>& endpoints, const Endpoint& endpoint) {
  if (std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end())
    endpoints.push_back(endpoint);
}

// A client from elsewhere is never connected to a loopback address, nor over the other family.
bool can_meet(const Endpoint& endpoint, const ip::Address& remote) {
  return endpoint.address.is_v4() == remote.is_v4() &&
         (remote.is_loopback() || !endpoint.address.is_loopback());
}

std::vector<Endpoint> without(const std::vector<Endpoint>& endpoints, const std::vector<Endpoint>& asked) {
  std::vector<Endpoint> rest;
  for (const Endpoint& endpoint : endpoints) {
    if (std::find(asked.begin(), asked.end(), endpoint) == asked.end()) rest.push_back(endpoint);
  }
  return rest;
}

}  // namespace

std::vector<Endpoint> endpoints_of(const std::vector<Connection>& listeners,
                                   const std::vector<ip::Prefix>& own, const std::vector<Endpoint>& known) {
  std::vector<Endpoint> places;
  for (const Connection& listener : listeners) {
    if (!listener.local.is_unspecified()) {
      add(places, {listener.local, listener.local_port});
      continue;
    }
    for (const ip::Prefix& prefix : own) {
      const bool reached = prefix.is_v4() || listener.family == AF_INET6;
      if (reached && prefix.is_single()) add(places, {prefix.address(), listener.local_port});
    }
  }
  std::vector<Endpoint> ordered;
  for (const Endpoint& endpoint : known) {
    if (std::find(places.begin(), places.end(), endpoint) != places.end()) ordered.push_back(endpoint);
  }
  for (const Endpoint& endpoint : places) add(ordered, endpoint);
  return ordered;
}

Result<Found> Finder::find(const ip::Address& remote, std::uint16_t port) {
  if (port == 0 || remote.is_unspecified()) return Found{};
  Result<Found> found = search(remote, port, endpoints_);
  const Clock::time_point now = Clock::now();
  const bool due = !refreshed_ || now - *refreshed_ >= kRefresh;
  if (!found || *found || !due) return found;
  const std::vector<Endpoint> asked = endpoints_;
  if (Result<void> read = refresh(); !read) return failed(read);
  refreshed_ = now;
  return search(remote, port, without(endpoints_, asked));
}

Result<Found> Finder::search(const ip::Address& remote, std::uint16_t port,
                             const std::vector<Endpoint>& places) {
  std::vector<Tuple> tuples;
  for (const Endpoint& place : places) {
    if (tuples.size() == kMaxEndpoints) break;
    if (can_meet(place, remote))
      tuples.push_back(
          {.local = place.address, .remote = remote, .local_port = place.port, .remote_port = port});
  }
  std::span<const Tuple> left{tuples};
  for (const std::size_t wave : kWaves) {
    const std::span<const Tuple> asked = left.first(std::min(wave, left.size()));
    if (asked.empty()) break;
    Result<std::optional<Diag::Found>> found = diag_.find_first(asked);
    if (!found) return failed(found);
    if (*found) {
      const Tuple& tuple = asked[(*found)->place];
      move_to_front({tuple.local, tuple.local_port});
      return Found{(*found)->connection};
    }
    left = left.subspan(asked.size());
  }
  return Found{};
}

Result<void> Finder::refresh() {
  Result<std::vector<Connection>> listeners = diag_.listeners();
  if (!listeners) return failed(listeners);
  Result<std::vector<ip::Prefix>> own = own_addresses_();
  if (!own) return failed(own);
  endpoints_ = endpoints_of(*listeners, *own, endpoints_);
  return {};
}

void Finder::move_to_front(const Endpoint& endpoint) {
  const auto at = std::find(endpoints_.begin(), endpoints_.end(), endpoint);
  if (at != endpoints_.end()) std::rotate(endpoints_.begin(), at, at + 1);
}

}  // namespace xlimit::sockets
