// SPDX-License-Identifier: MIT
// One socket of this host that has a peer, as the kernel's sock_diag shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ip/address.h"

namespace xlimit::sockets {

enum class Protocol : std::uint8_t { tcp = 6, udp = 17 };

// The kernel's numbers (include/net/tcp_states.h). A connected UDP socket is `established`, any other
// `closed`.
enum class State : std::uint8_t {
  established = 1,
  syn_sent,
  syn_recv,
  fin_wait_1,
  fin_wait_2,
  time_wait,
  closed,
  close_wait,
  last_ack,
  listening,
  closing,
};

// A set of states, one bit each.
using States = std::uint32_t;
constexpr States bit(State state) { return States{1} << static_cast<unsigned>(state); }
inline constexpr States kAllStates = 0xffe;
// What may be destroyed: a destroyed listener leaves the server deaf, and a closed socket holds nobody.
inline constexpr States kKillable = kAllStates & ~(bit(State::listening) | bit(State::closed));
// What still carries data; TIME_WAIT is only a memory of a connection.
inline constexpr States kLive = kKillable & ~bit(State::time_wait);
// Whose peer has answered from its address. A SYN alone may carry any.
inline constexpr States kProven = kLive & ~(bit(State::syn_sent) | bit(State::syn_recv));

// ss(8)'s word: "established", "fin-wait-1", ...
std::string_view name_of(State state);
std::string_view name_of(Protocol protocol);

// The states that ss(8)'s word stands for: one state, or "all", "connected", "synchronized", "bucket", "big".
// Absent for any other word.
std::optional<States> find_states(std::string_view word);

struct Connection {
  Protocol protocol = Protocol::tcp;
  // AF_INET or AF_INET6: what the socket is, not what its addresses are. A client of a dual-stack listener is
  // an IPv4 address on an AF_INET6 socket.
  std::uint8_t family = 0;
  State state = State::closed;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::uint32_t interface = 0;  // index when bound to one, as link-local sockets are
  std::uint64_t cookie = 0;     // names this very socket, never another
  ip::Address local{};
  ip::Address remote{};

  // Whether this socket may be destroyed at all: it has a peer and does not listen.
  bool has_peer() const {
    return (bit(state) & kKillable) != 0 && remote_port != 0 && !remote.is_unspecified();
  }
};

}  // namespace xlimit::sockets
