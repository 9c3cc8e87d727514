// SPDX-License-Identifier: MIT
// The detector counts what it sees; here is added what only its verdicts say.
#include "session-detect/counts.h"

#include <algorithm>

#include "base/clock.h"
#include "event/encode.h"

namespace session_detect {

void Counts::add(const session::Verdict& verdict) {
  const auto rule = static_cast<std::size_t>(std::ranges::find(kRules, verdict.rule) - kRules.begin());
  const auto action =
      static_cast<std::size_t>(std::ranges::find(kActions, verdict.action) - kActions.begin());
  ++violations_.at(rule).at(action);
  bans_ += verdict.targets.size();
}

void Counts::fill(metrics::Page& page, const session::Detector& detector) const {
  page.metric("xlimit_session_detect_judged_total", "Accesses that were judged.", detector.judged());
  page.metric("xlimit_session_detect_violations_total", "Violations, by rule and action.");
  for (std::size_t rule = 0; rule < kRules.size(); ++rule) {
    for (std::size_t action = 0; action < kActions.size(); ++action)
      page.value(violations_[rule][action],
                 {{"rule", kRules[rule]}, {"action", session::word(kActions[action])}});
  }
  page.metric("xlimit_session_detect_bans_total", "Bans that were ordered.", bans_);
  page.metric("xlimit_session_detect_unverified_total",
              "Places that were spared because they held no connection here.", detector.unverified());
  page.metric("xlimit_session_detect_stale_total",
              "Accesses that were too old to be judged, or of a time to come.", stale);
  page.metric("xlimit_session_detect_evicted_total", "Users that were forgotten for want of room.",
              evicted_ + detector.evicted());
  page.metric("xlimit_session_detect_users", "Users that are remembered.", detector.users());
}

void Counts::advise(const cli::Command& command, const session::Detector& detector) const {
  const bool recent = detector.last_line() > base::now() - std::chrono::hours{1};
  if (recent || bans_ > 0 || detector.unverified() == 0) return;
  command.warn("nobody was banned, " + std::to_string(detector.unverified()) +
               " times a place held no connection here; a recorded log is judged with --verify none");
}

base::Result<void> Counts::tell_sources(session::Detector& detector, std::string_view node,
                                        const std::function<base::Result<void>(std::string_view)>& write) {
  const auto tell = [&](std::string_view kind, std::uint64_t lines) -> base::Result<void> {
    if (lines == 0) return {};
    event::Source source;
    source.at = base::now();
    source.node = node;
    source.kind = kind;
    source.lines = lines;
    event::Line line;
    return write(event::encode(source, line));
  };
  const std::uint64_t evicted = detector.take_evicted();
  evicted_ += evicted;
  base::Result<void> told = tell("evicted", evicted);
  return told ? tell("stale", stale - std::exchange(told_stale_, stale)) : told;
}

}  // namespace session_detect
