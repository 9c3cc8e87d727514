// SPDX-License-Identifier: MIT
// Which targets were banned lately, for cooldown and escalation. Bounded: beyond kMost the oldest are
// forgotten.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <deque>
#include <functional>

#include "session/policy.h"

namespace xlimit::session {

class History {
 public:
  static constexpr std::size_t kMost = 100000;

  explicit History(const Policy& policy);

  // Was it banned less than the cooldown ago?
  bool in_cooldown(const ip::Prefix& target, Time now) const;
  // Records a ban and says how long it is to be: the ban time, times the factor for each ban before, up to
  // the longest. A target that stayed away for as long again as its last ban lasted starts over.
  std::chrono::seconds ban(const ip::Prefix& target, Time now);

  struct Past {
    Time at;
    std::chrono::seconds duration{};
  };
  // Oldest first, for a state file; and back.
  void each(const std::function<void(const ip::Prefix&, const Past&)>& see) const;
  void remember(const ip::Prefix& target, const Past& past);

 private:
  std::chrono::seconds next_duration(const Past& past, Time now) const;

  std::chrono::seconds cooldown_;
  std::chrono::seconds ban_time_;
  Escalation escalation_;
  boost::unordered_flat_map<ip::Prefix, Past, std::hash<ip::Prefix>> past_;
  std::deque<ip::Prefix> order_;
};

}  // namespace xlimit::session
