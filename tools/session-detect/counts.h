// SPDX-License-Identifier: MIT
// What --metrics tells.
#pragma once

#include <array>
#include <cstdint>

#include "metrics/page.h"
#include "session/detector.h"

namespace session_detect {

using namespace xlimit;

struct Counts {
  void add(const session::Verdict& verdict);
  void fill(metrics::Page& page, const session::Detector& detector) const;

  std::uint64_t stale = 0;
  std::uint64_t evicted = 0;

 private:
  static constexpr std::array<std::string_view, 3> kRules{"addresses", "shared", "torrent"};
  static constexpr std::array kActions{session::Action::ban, session::Action::report,
                                       session::Action::spared};

  std::array<std::array<std::uint64_t, kActions.size()>, kRules.size()> violations_{};
  std::uint64_t bans_ = 0;
};

}  // namespace session_detect
