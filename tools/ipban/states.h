// SPDX-License-Identifier: MIT
// What is in the kernel, measured by what is remembered: sets that were taken away or emptied have faults.
#pragma once

#include <string>
#include <vector>

#include "ipban/enforcer.h"

namespace xlimit::ipban {

// The sets of bans and those of lists, with the list's name.
struct Shown {
  sets::SetState state;
  std::string list;
};

// Without direction out when nobody ever needed it. The enforcer, which runs dry, says what may be banned
// now.
base::Result<std::vector<Shown>> read_states(Enforcer& judge, sets::Backend& backend);

}  // namespace xlimit::ipban
