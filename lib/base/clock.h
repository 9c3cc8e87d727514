// SPDX-License-Identifier: MIT
// What the wall clock says. For programs: a pure room takes the time as an argument.
#pragma once

#include "base/time.h"

namespace xlimit::base {

inline Time now() { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); }

}  // namespace xlimit::base
