// SPDX-License-Identifier: MIT
// What is in the kernel, measured by what is remembered: sets that were taken away or emptied have faults.
#pragma once

#include <string>
#include <vector>

#include "ipban/memory.h"
#include "sets/backend.h"

namespace xlimit::ipban {

// The sets of bans and those of lists, with the list's name.
struct Shown {
  sets::SetState state;
  std::string list;
};

// Without direction out when nobody ever needed it.
base::Result<std::vector<Shown>> read_states(Memory& memory, sets::Backend& backend);

}  // namespace xlimit::ipban
