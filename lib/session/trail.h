// SPDX-License-Identifier: MIT
// Where a place's newest connections came from, in ten bytes, so that they can be looked up in the kernel
// without a walk over all sockets. IPv4: five ports. IPv6: the lower half of the address, as the place knows
// only its prefix, and one port.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "ip/prefix.h"

namespace xlimit::session {

class Trail {
 public:
  // A connection from `address`; port 0 says nothing and is not kept.
  void note(const ip::Address& address, std::uint16_t port);
  // Newest first.
  std::vector<std::uint16_t> ports(bool v4) const;
  // The newest address inside `prefix`. Absent when its upper half is not the prefix's or nothing was noted.
  std::optional<ip::Address> address(const ip::Prefix& prefix) const;

 private:
  std::array<std::uint16_t, 5> data_{};
};

}  // namespace xlimit::session
