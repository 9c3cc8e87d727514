// SPDX-License-Identifier: MIT
// What the wall clock says. For programs: a pure room takes the time as an argument.
#pragma once

#include <ctime>

#include "base/time.h"

namespace xlimit::base {

inline Time now() { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); }

// How long this host has been up, with the time it slept.
inline std::chrono::microseconds since_boot() {
  timespec up{};
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  return std::chrono::seconds{up.tv_sec} + std::chrono::microseconds{up.tv_nsec / 1000};
}

}  // namespace xlimit::base
