// SPDX-License-Identifier: MIT
// The two rules about places held at the same time, as arithmetic on times.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "session/policy.h"

namespace xlimit::session {

// One active place: its first line since it became active, and its newest. Times of one user's lines differ,
// but for those that came out of order.
struct Activity {
  Time first;
  Time last;
};

struct Breach {
  std::vector<std::size_t> newcomers;  // the places that are too many, oldest first; never empty
  std::size_t witness = 0;             // an older one that proves it against the newest of them
  bool by_grace = false;               // both lasted for the grace; otherwise the witness was seen again
};

// Do these places, in the order of `first`, break the rule? `limit` is at least 1.
//
// strict: every place beyond the first `limit` is too many.
// overlap: a newcomer counts together with the older places that were seen again after its first line, or,
// when the grace has passed since then, with all that are still active. So a phone that moves from Wi-Fi to
// LTE, and is never seen on Wi-Fi again, is not two places.
std::optional<Breach> find_breach(std::span<const Activity> places, std::uint32_t limit, Rule rule,
                                  std::chrono::seconds grace, Time now);

}  // namespace xlimit::session
