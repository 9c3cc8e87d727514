// SPDX-License-Identifier: MIT
// Local times of a time zone, from the system's tzdata. libc knows one zone a process, so there is one here.
//
//   if (auto set = base::use_zone("Europe/Helsinki"); !set) return failed(set);
//   const base::UtcCandidates when = base::to_utc(local_minute);
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace xlimit::base {

using LocalMinute = std::chrono::local_time<std::chrono::minutes>;

// The clock showed this minute at `first`, and where clocks were put back once more at `second`; otherwise
// both are the same. A minute that the clock skipped is what it would have been without the change.
struct UtcCandidates {
  Time first;
  Time second;
};

// An IANA name ("Europe/Helsinki", "UTC"); the empty name is this host's zone (TZ, /etc/localtime). Fails
// with kUsage when the system has no such zone.
Result<void> use_zone(const std::string& name);

UtcCandidates to_utc(LocalMinute minute);

}  // namespace xlimit::base
