// SPDX-License-Identifier: MIT
// Many prefixes, and the question whether one of them overlaps a given one: a few binary searches, so that
// lists of thousands of prefixes slow down neither a ban nor the judging of a line.
#pragma once

#include <array>
#include <vector>

#include "ip/prefix.h"

namespace xlimit::ip {

class PrefixIndex {
 public:
  PrefixIndex() = default;
  explicit PrefixIndex(const std::vector<Prefix>& prefixes);

  // A member that contains `target` or lies inside it; nullptr when there is none. Valid as long as the
  // index.
  const Prefix* overlapping(const Prefix& target) const;

 private:
  // One address family. A family of its own each, because IPv4 stands in the middle of IPv6's order.
  struct Family {
    std::vector<Prefix> sorted;
    std::vector<unsigned> lengths;  // those that occur, ascending
  };
  std::array<Family, 2> families_;
};

}  // namespace xlimit::ip
