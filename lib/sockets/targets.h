// SPDX-License-Identifier: MIT
// Pure: which of many prefixes an address is in, asked for every socket of a dump.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "ip/prefix.h"
#include "sockets/filter.h"

namespace xlimit::sockets {

class Targets {
 public:
  explicit Targets(std::span<const ip::Prefix> prefixes);

  // The place of the narrowest prefix around `address`; of the first when one stands there twice.
  std::optional<std::size_t> find(const ip::Address& address) const;

  // The live sockets with a peer in one of them. Wider (every live socket) when there are so many that the
  // kernel would compare longer than we do.
  Filter filter() const;

 private:
  std::vector<ip::Prefix> prefixes_;
  std::unordered_map<ip::Prefix, std::size_t> places_;
  std::vector<unsigned> lengths4_, lengths6_;  // that occur, longest first
};

}  // namespace xlimit::sockets
