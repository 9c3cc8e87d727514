// SPDX-License-Identifier: MIT
// Connections of those who may be banned soon, found before the ban comes: looking them up is a good part of
// what is left to do then. A connection's cookie is never another's, so one that was found stays good until
// it is gone.
#pragma once

#include <vector>

#include "event/decode.h"
#include "sockets/finder.h"

namespace xlimit::sockkill {

// Whose ports a ban or a suspect names: of a prefix, the address last seen inside.
template <class AboutSomebody>
std::optional<ip::Address> logged_address(const AboutSomebody& event) {
  if (event.target.is_single()) return event.target.address();
  const bool inside = event.address && event.target.contains(*event.address);
  return inside ? event.address : std::nullopt;
}

class Prepared {
 public:
  // Remembered; beyond it the oldest go.
  static constexpr std::size_t kMost = 16;
  // Looked up at once: a ban that comes meanwhile waits for them, up to 50 us for each.
  static constexpr std::size_t kAtOnce = 4;

  // `finder` must live as long.
  explicit Prepared(sockets::Finder& finder) : finder_(finder) {}

  void add(const event::Suspect& suspect);
  // Looks up some of those that were added since. When nothing more urgent is to be done.
  void look_up();
  // What was found of this target. It is not remembered any longer.
  std::vector<sockets::Connection> take(const ip::Prefix& target);

 private:
  struct Entry {
    ip::Prefix target;
    ip::Address address;
    std::vector<std::uint16_t> ports;
    std::vector<sockets::Connection> found{};
  };
  void forget(const ip::Prefix& target);

  sockets::Finder& finder_;
  std::vector<Entry> entries_;  // oldest first
  std::size_t looked_up_ = 0;   // so many of them
};

}  // namespace xlimit::sockkill
