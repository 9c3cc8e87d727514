// SPDX-License-Identifier: MIT
// Named lists as they were loaded, one file each: the kernel forgets them with a reboot.
//
//   journal::keep_list(place, "feed", Direction::in, prefixes);   // after the kernel has taken it
//   for (const KeptList& list : *journal::kept_lists(place))
//     Result<std::vector<ip::Prefix>> prefixes = journal::read_list(place, list);
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "ip/prefix.h"
#include "journal/place.h"

namespace xlimit::journal {

struct KeptList {
  std::string name;
  event::Direction direction = event::Direction::in;

  auto operator<=>(const KeptList&) const = default;
};

// One prefix a line; written beside, synced and renamed over, unless the file holds just this.
base::Result<void> keep_list(const Place& place, const KeptList& list, std::span<const ip::Prefix> prefixes);
// Which families a kept list has prefixes of, told by its first and its last line.
struct KeptFamilies {
  bool v4 = false, v6 = false;
};
KeptFamilies kept_families(const Place& place, const KeptList& list);

// One that was not kept is fine.
base::Result<void> forget_list(const Place& place, const KeptList& list);
// Sorted. None when there is no folder; fails when it can't be read.
base::Result<std::vector<KeptList>> kept_lists(const Place& place);
// Sorted and disjoint, as sets::Backend::load wants it. Fails when the file can't be read or understood
// whole.
base::Result<std::vector<ip::Prefix>> read_list(const Place& place, const KeptList& list);

}  // namespace xlimit::journal
