// SPDX-License-Identifier: MIT
// What `ipban save` has written, read back.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "ip/ranges.h"
#include "ledger/ledger.h"
#include "sets/names.h"

namespace xlimit::ipban {

struct Saved {
  ledger::Ledger bans;  // alive now
  std::map<sets::ListKey, ip::Ranges> lists;
  bool any = false;            // event
  std::uint64_t broken = 0;    // lines
  std::uint64_t too_wide = 0;  // prefixes that no list may hold
  std::string sample;          // why the first line is broken
};

// Everything that the descriptor gives. Fails when reading does, when there are lines and none is an event,
// or when lists hold more than a set takes.
base::Result<Saved> read_saved(int fd, const std::string& name, base::Time now);

}  // namespace xlimit::ipban
