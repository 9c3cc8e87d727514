// SPDX-License-Identifier: MIT
// What is in the kernel, measured by what is remembered: sets that were taken away or emptied have faults.
#pragma once

#include <string>
#include <vector>

#include "ipban/memory.h"

namespace xlimit::ipban {

// The sets of bans and those of lists, with the list's name.
struct Shown {
  sets::SetState state;
  std::string list;
};

// Without direction out when nobody ever needed it. What restore would refuse now is not missed.
base::Result<std::vector<Shown>> read_states(const Settings& settings, const cli::Command& command,
                                             Memory& memory, sets::Backend& backend);

}  // namespace xlimit::ipban
