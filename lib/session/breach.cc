// SPDX-License-Identifier: MIT
// strict and overlap.
#include "session/breach.h"

namespace xlimit::session {
namespace {

// The older places that count together with the one at `newcomer`: how many, and the newest of them.
struct Together {
  std::uint32_t older = 0;
  std::size_t witness = 0;
  bool by_grace = false;
};

Together count_together(std::span<const Activity> places, std::size_t newcomer, Rule rule, bool lasted) {
  Together together;
  for (std::size_t older = 0; older < newcomer; ++older) {
    const bool seen_again = places[older].last > places[newcomer].first;
    if (rule == Rule::overlap && !seen_again && !lasted) continue;
    together = {together.older + 1, older, !seen_again};
  }
  return together;
}

}  // namespace

std::optional<Breach> find_breach(std::span<const Activity> places, std::uint32_t limit, Rule rule,
                                  std::chrono::seconds grace, Time now) {
  Breach breach;
  for (std::size_t newcomer = limit; newcomer < places.size(); ++newcomer) {
    const bool lasted = now >= places[newcomer].first + grace;
    const Together together = count_together(places, newcomer, rule, lasted);
    if (together.older < limit) continue;
    breach.newcomers.push_back(newcomer);
    breach.witness = together.witness;
    breach.by_grace = together.by_grace;
  }
  if (breach.newcomers.empty()) return {};
  return breach;
}

}  // namespace xlimit::session
