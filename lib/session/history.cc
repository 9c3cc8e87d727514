// SPDX-License-Identifier: MIT
// Cooldown and escalation of repeated bans.
#include "session/history.h"

#include <algorithm>

namespace xlimit::session {

using std::chrono::seconds;

History::History(const Policy& policy)
    : cooldown_(policy.cooldown.value_or(policy.ban_time)),
      ban_time_(policy.ban_time),
      escalation_(policy.escalation) {}

bool History::in_cooldown(const ip::Prefix& target, Time now) const {
  const auto found = past_.find(target);
  return found != past_.end() && now < found->second.at + cooldown_ && !is_ahead(found->second.at, now);
}

seconds History::next_duration(const Past& past, Time now) const {
  const bool stayed_away = now >= past.at + 2 * past.duration || is_ahead(past.at, now);
  if (stayed_away || escalation_.factor <= 1) return ban_time_;
  const double longer = static_cast<double>(past.duration.count()) * escalation_.factor;
  return seconds{static_cast<std::int64_t>(std::min(longer, static_cast<double>(escalation_.most.count())))};
}

seconds History::ban(const ip::Prefix& target, Time now) {
  const auto known = past_.find(target);
  const seconds duration = known == past_.end() ? ban_time_ : next_duration(known->second, now);
  remember(target, {now, duration});
  return duration;
}

void History::remember(const ip::Prefix& target, const Past& past) {
  if (past_.insert_or_assign(target, past).second) order_.push_back(target);
  if (order_.size() <= kMost) return;
  past_.erase(order_.front());
  order_.pop_front();
}

void History::each(const std::function<void(const ip::Prefix&, const Past&)>& see) const {
  for (const ip::Prefix& target : order_) see(target, past_.at(target));
}

}  // namespace xlimit::session
