// SPDX-License-Identifier: MIT
// How ipban's rows show things.
#include "ipban/print.h"

#include "base/number.h"

namespace xlimit::ipban {

std::string show_remaining(std::chrono::seconds remaining) {
  return remaining.count() == 0 ? "permanent" : base::format_duration(remaining);
}

}  // namespace xlimit::ipban
