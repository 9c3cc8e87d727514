// SPDX-License-Identifier: MIT
// Which targets were banned lately, for cooldown and escalation. Bounded: beyond kMost the one whose ban is
// oldest is forgotten.
#pragma once

#include <chrono>
#include <optional>

#include "session/policy.h"
#include "session/recent.h"

namespace xlimit::session {

class History {
 public:
  static constexpr std::size_t kMost = 100000;

  explicit History(const Policy& policy);

  // Was it banned less than the cooldown ago? A cooldown that is as long as the ban has no end if the ban has
  // none.
  bool in_cooldown(const ip::Prefix& target, Time now) const;
  // Records a ban and says how long it is to be: the ban time, times the factor for each ban before, up to
  // the longest. When none came for as long again as the last one was, counted from its end, it starts over.
  std::chrono::seconds ban(const ip::Prefix& target, Time now);

  struct Past {
    Time at;
    std::chrono::seconds duration{};
  };
  using Table = Recent<ip::Prefix, Past>;
  // For a state file, and back.
  Table& table() { return past_; }
  const Table& table() const { return past_; }

 private:
  std::chrono::seconds next_duration(const Past& past, Time now) const;

  std::optional<std::chrono::seconds> cooldown_;  // absent: as long as the ban
  std::chrono::seconds ban_time_;
  Escalation escalation_;
  Table past_{kMost};
};

}  // namespace xlimit::session
