// SPDX-License-Identifier: MIT
// The names of states.
#include "sockets/connection.h"

#include <array>
#include <utility>

namespace xlimit::sockets {
namespace {

// ss(8) says "listening" and "closed"; the aliases are what people type.
constexpr std::array kWords{
    std::pair{std::string_view{"all"}, kAllStates},
    std::pair{std::string_view{"connected"}, kKillable},
    std::pair{std::string_view{"synchronized"}, kKillable & ~bit(State::syn_sent)},
    std::pair{std::string_view{"bucket"}, bit(State::syn_recv) | bit(State::time_wait)},
    std::pair{std::string_view{"big"}, kAllStates & ~(bit(State::syn_recv) | bit(State::time_wait))},
    std::pair{std::string_view{"listen"}, bit(State::listening)},
    std::pair{std::string_view{"close"}, bit(State::closed)},
    std::pair{std::string_view{"estab"}, bit(State::established)},
};

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::established: return "established";
    case State::syn_sent: return "syn-sent";
    case State::syn_recv: return "syn-recv";
    case State::fin_wait_1: return "fin-wait-1";
    case State::fin_wait_2: return "fin-wait-2";
    case State::time_wait: return "time-wait";
    case State::closed: return "closed";
    case State::close_wait: return "close-wait";
    case State::last_ack: return "last-ack";
    case State::listening: return "listening";
    case State::closing: return "closing";
  }
  return "unknown";
}

std::string_view name_of(Protocol protocol) { return protocol == Protocol::tcp ? "tcp" : "udp"; }

std::optional<States> find_states(std::string_view word) {
  for (const auto& [name, states] : kWords) {
    if (name == word) return states;
  }
  for (unsigned number = 1; number <= static_cast<unsigned>(State::closing); ++number) {
    const State state{static_cast<std::uint8_t>(number)};
    if (name_of(state) == word) return bit(state);
  }
  return {};
}

}  // namespace xlimit::sockets
