// SPDX-License-Identifier: MIT
// Cooldown and escalation of repeated bans.
#include "session/history.h"

#include <algorithm>

namespace xlimit::session {

using std::chrono::seconds;

History::History(const Policy& policy)
    : cooldown_(policy.cooldown), ban_time_(policy.ban_time), escalation_(policy.escalation) {}

bool History::in_cooldown(const ip::Prefix& target, Time now) const {
  const Past* past = past_.find(target);
  if (past == nullptr || is_ahead(past->at, now)) return false;
  const bool for_good = !cooldown_ && past->duration == seconds{0};
  return for_good || now < past->at + cooldown_.value_or(past->duration);
}

seconds History::next_duration(const Past& past, Time now) const {
  const bool starts_over = now >= past.at + 2 * past.duration || is_ahead(past.at, now);
  if (starts_over || escalation_.factor <= 1) return ban_time_;
  const double longer = static_cast<double>(past.duration.count()) * escalation_.factor;
  return seconds{static_cast<std::int64_t>(std::min(longer, static_cast<double>(escalation_.most.count())))};
}

seconds History::ban(const ip::Prefix& target, Time now) {
  const Past* known = past_.find(target);
  const seconds duration = known == nullptr ? ban_time_ : next_duration(*known, now);
  past_.use(target) = {now, duration};
  past_.trim([](const auto&) {});
  return duration;
}

}  // namespace xlimit::session
