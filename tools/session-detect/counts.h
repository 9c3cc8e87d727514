// SPDX-License-Identifier: MIT
// What --metrics and source events tell.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "cli/command.h"
#include "metrics/page.h"
#include "session/detector.h"

namespace session_detect {

using namespace xlimit;

struct Counts {
  void add(const session::Verdict& verdict);
  void fill(metrics::Page& page, const session::Detector& detector) const;

  // What was not judged or not kept since the last call.
  base::Result<void> tell_sources(session::Detector& detector, std::string_view node,
                                  const std::function<base::Result<void>(std::string_view)>& write);

  // At the end: says it when every place was spared and the log is an old one.
  void advise(const cli::Command& command, const session::Detector& detector) const;

  std::uint64_t stale = 0;

 private:
  static constexpr std::array<std::string_view, 3> kRules{"addresses", "shared", "torrent"};
  static constexpr std::array kActions{session::Action::ban, session::Action::report,
                                       session::Action::spared};

  std::array<std::array<std::uint64_t, kActions.size()>, kRules.size()> violations_{};
  std::uint64_t bans_ = 0;
  std::uint64_t evicted_ = 0, told_stale_ = 0;
};

}  // namespace session_detect
