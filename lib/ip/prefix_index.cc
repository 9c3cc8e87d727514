// SPDX-License-Identifier: MIT
// Many prefixes, and the question whether one of them overlaps a given one.
#include "ip/prefix_index.h"

#include <algorithm>

namespace xlimit::ip {

PrefixIndex::PrefixIndex(const std::vector<Prefix>& prefixes) {
  for (const Prefix& prefix : prefixes) {
    Family& family = families_[prefix.is_v4() ? 0 : 1];
    family.sorted.push_back(prefix);
    family.lengths.push_back(prefix.length());
  }
  for (Family& family : families_) {
    std::ranges::sort(family.sorted);
    std::ranges::sort(family.lengths);
    family.lengths.erase(std::unique(family.lengths.begin(), family.lengths.end()), family.lengths.end());
  }
}

const Prefix* PrefixIndex::overlapping(const Prefix& target) const {
  const Family& family = families_[target.is_v4() ? 0 : 1];
  for (const unsigned length : family.lengths) {
    if (length > target.length()) break;
    const Prefix wider{target.address(), length};
    const auto found = std::ranges::lower_bound(family.sorted, wider);
    if (found != family.sorted.end() && *found == wider) return &*found;
  }
  // Whatever lies inside the target comes right behind it in the order.
  const auto next = std::ranges::lower_bound(family.sorted, target);
  return next != family.sorted.end() && target.contains(*next) ? &*next : nullptr;
}

}  // namespace xlimit::ip
