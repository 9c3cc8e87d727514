// SPDX-License-Identifier: MIT
// Tells whether a filter leaves nothing out, by trying it at the edges of its conditions: between two edges
// no condition changes its mind.
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "sockets/filter.h"

namespace xlimit::sockets {
namespace {

// Beyond this many combinations a pseudo-random choice of them is tried.
constexpr std::size_t kTries = 200'000;

struct Edges {
  std::vector<ip::Address> local, remote;
  std::vector<std::uint16_t> local_ports, remote_ports;
  std::vector<State> states;

  std::size_t count() const {
    return local.size() * remote.size() * local_ports.size() * remote_ports.size() * states.size();
  }
};

// The address next to `address`, upwards or downwards; wraps at the ends.
ip::Address neighbour(const ip::Address& address, bool up) {
  ip::Address::Bytes bytes = address.bytes();
  for (std::size_t i = bytes.size(); i-- > 0;) {
    bytes[i] = static_cast<std::uint8_t>(bytes[i] + (up ? 1 : -1));
    if (bytes[i] != (up ? 0x00 : 0xff)) break;
  }
  return ip::Address{bytes};
}

ip::Address last_of(const ip::Prefix& prefix) {
  ip::Address::Bytes bytes = prefix.address().bytes();
  for (unsigned i = prefix.length() + (prefix.is_v4() ? 96 : 0); i < 128; ++i)
    bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 0x80U >> i % 8);
  return ip::Address{bytes};
}

void add_edges(const InPrefix& condition, bool v4, Edges& edges) {
  const ip::Address first = condition.prefix.address(), last = last_of(condition.prefix);
  std::vector<ip::Address>& addresses = condition.end == End::local ? edges.local : edges.remote;
  for (const ip::Address& edge : {first, last, neighbour(first, false), neighbour(last, true)}) {
    if (edge.is_v4() == v4) addresses.push_back(edge);
  }
}

void add_edges(const HasPort& condition, bool, Edges& edges) {
  std::vector<std::uint16_t>& ports = condition.end == End::local ? edges.local_ports : edges.remote_ports;
  for (const int edge : {condition.port - 1, condition.port + 0, condition.port + 1}) {
    if (edge > 0 && edge <= UINT16_MAX) ports.push_back(static_cast<std::uint16_t>(edge));
  }
}

void add_edges(const InState&, bool, Edges& edges) {
  edges.states.clear();
  for (unsigned number = 1; number <= static_cast<unsigned>(State::closing); ++number) {
    const State state{static_cast<std::uint8_t>(number)};
    if ((bit(state) & kLive) != 0) edges.states.push_back(state);
  }
}

void gather(const Filter& filter, bool v4, Edges& edges) {
  if (filter.kind() == Filter::Kind::condition)
    std::visit([&](const auto& condition) { add_edges(condition, v4, edges); }, filter.condition());
  for (const Filter& part : filter.parts()) gather(part, v4, edges);
}

template <class T>
void sort_out(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

Edges edges_of(const Filter& filter, bool v4) {
  const ip::Address any = v4 ? ip::Address::v4(1) : ip::Address{{0x20, 1}};
  Edges edges{{any}, {any}, {1}, {1}, {State::established}};
  gather(filter, v4, edges);
  sort_out(edges.local);
  sort_out(edges.remote);
  sort_out(edges.local_ports);
  sort_out(edges.remote_ports);
  return edges;
}

// The combination with this number.
Connection pick(const Edges& edges, std::size_t number) {
  const auto digit = [&](const auto& values) {
    const auto& value = values[number % values.size()];
    number /= values.size();
    return value;
  };
  Connection connection;
  connection.state = digit(edges.states);
  connection.remote = digit(edges.remote);
  connection.remote_port = digit(edges.remote_ports);
  connection.local_port = digit(edges.local_ports);
  connection.local = digit(edges.local);
  return connection;
}

bool covers(const Filter& filter, bool v4) {
  const Edges edges = edges_of(filter, v4);
  const std::size_t count = edges.count();
  // A stride without small factors visits the combinations evenly.
  const std::size_t stride = count <= kTries ? 1 : count / kTries | 1;
  for (std::size_t number = 0; number < count; number += stride) {
    if (!filter.matches(pick(edges, number))) return false;
  }
  return true;
}

}  // namespace

bool matches_everything(const Filter& filter) { return covers(filter, true) || covers(filter, false); }

}  // namespace xlimit::sockets
