// SPDX-License-Identifier: MIT
// Which endpoints to ask at, and in which order.
#include "sockets/finder.h"

#include <sys/socket.h>

#include <algorithm>

namespace xlimit::sockets {
namespace {

using base::failed;
using base::Result;

// Look-ups in the first send: nearly always the place that was hit last is hit again, and a look-up that
// misses costs as much as one that hits. What is left is asked for in as few sends as possible.
constexpr std::size_t kFirstWave = 4;
// Where nobody waits for the answer, and others for the asker.
constexpr std::size_t kNearWave = 32;
static_assert(kMaxPorts + kMostLookUps <= kMostTuples);

void add(std::vector<Endpoint>& endpoints, const Endpoint& endpoint) {
  if (std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end())
    endpoints.push_back(endpoint);
}

// A client from elsewhere is never connected to a loopback address, nor over the other family.
bool can_meet(const Endpoint& endpoint, const ip::Address& remote) {
  return endpoint.address.is_v4() == remote.is_v4() &&
         (remote.is_loopback() || !endpoint.address.is_loopback());
}

std::vector<std::uint16_t> wanted_ports(std::span<const std::uint16_t> ports) {
  std::vector<std::uint16_t> wanted;
  for (const std::uint16_t port : ports.first(std::min(ports.size(), kMaxPorts))) {
    if (port != 0) wanted.push_back(port);
  }
  return wanted;
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

Result<std::optional<Connection>> Finder::find(const ip::Address& remote, std::uint16_t port) {
  std::optional<Connection> connection;
  Result<void> done = find_all(remote, {&port, 1}, [&](std::span<const Connection> found) {
    connection = found.front();
    return Result<void>{};
  });
  if (!done) return failed(done);
  return connection;
}

Result<void> Finder::find_all(const ip::Address& remote, std::span<const std::uint16_t> ports,
                              const OnFound& on_found) {
  const std::vector<std::uint16_t> wanted = wanted_ports(ports);
  if (wanted.empty() || remote.is_unspecified()) return {};
  Result<std::size_t> found = search(remote, wanted, endpoints_, Reach::far, on_found);
  if (!found) return failed(found);
  const Clock::time_point now = Clock::now();
  const bool due = !refreshed_ || now - *refreshed_ >= kRefresh;
  if (*found > 0 || !due) return {};
  const std::vector<Endpoint> asked = endpoints_;
  if (Result<void> read = refresh(); !read) return failed(read);
  refreshed_ = now;
  return search(remote, wanted, without(endpoints_, asked), Reach::far, on_found).map([](std::size_t) {});
}

Result<std::vector<Connection>> Finder::find_near(const ip::Address& remote,
                                                  std::span<const std::uint16_t> ports) {
  std::vector<Connection> all;
  if (remote.is_unspecified()) return all;
  Result<std::size_t> found =
      search(remote, wanted_ports(ports), endpoints_, Reach::near, [&](std::span<const Connection> some) {
        all.insert(all.end(), some.begin(), some.end());
        return Result<void>{};
      });
  if (!found) return failed(found);
  return all;
}

// At the first few places for all ports at once, then at all others for as many of the ports not found, the
// first of them, as may be.
Result<std::size_t> Finder::search(const ip::Address& remote, std::span<const std::uint16_t> ports,
                                   const std::vector<Endpoint>& places, Reach reach,
                                   const OnFound& on_found) {
  std::vector<Endpoint> met;
  for (const Endpoint& place : places) {
    if (met.size() < kMaxEndpoints && can_meet(place, remote)) met.push_back(place);
  }
  std::vector<std::uint16_t> left{ports.begin(), ports.end()};
  std::size_t all = 0, most = reach == Reach::near ? kNearWave : kFirstWave;
  for (std::size_t begin = 0, end = 0; begin < met.size() && !left.empty(); begin = end) {
    end = std::min(met.size(), begin + std::max(most / left.size(), std::size_t{1}));
    std::vector<Tuple> tuples;
    for (const Endpoint& place : std::span{met}.subspan(begin, end - begin)) {
      for (const std::uint16_t port : left)
        tuples.push_back(
            {.local = place.address, .remote = remote, .local_port = place.port, .remote_port = port});
    }
    Result<std::vector<Diag::Found>> found = diag_.find_all(tuples);
    if (!found) return failed(found);
    std::vector<Connection> wave;
    for (const Diag::Found& one : *found) {
      if ((bit(one.connection.state) & wanted_) == 0) continue;
      const Tuple& tuple = tuples[one.place];
      move_to_front({tuple.local, tuple.local_port});
      std::erase(left, tuple.remote_port);
      wave.push_back(one.connection);
    }
    all += wave.size();
    if (Result<void> taken = wave.empty() ? Result<void>{} : on_found(wave); !taken) return failed(taken);
    if (reach == Reach::near || end == met.size()) break;
    left.resize(std::min(left.size(), std::max(kMostLookUps / (met.size() - end), std::size_t{1})));
    most = kMostTuples;
  }
  return all;
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
