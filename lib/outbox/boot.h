// SPDX-License-Identifier: MIT
// Has the host been started anew since?
#pragma once

#include <array>
#include <cstdint>

namespace xlimit::outbox {

struct Boot {
  std::array<char, 40> id{};  // the kernel's boot id; empty where a sandbox hides it
  std::int64_t seconds = 0;   // when it began, by the wall clock
};

Boot this_boot();
// By the id, or where there is none by the time: two boots are further apart than a few seconds, and a clock
// that was set meanwhile makes the answer no.
bool is_this_boot(const Boot& boot);

}  // namespace xlimit::outbox
