// SPDX-License-Identifier: MIT
// What must stay out of any list.
#pragma once

#include <span>

#include "base/result.h"
#include "cli/command.h"
#include "ip/ranges.h"
#include "ipban/settings.h"

namespace xlimit::ipban {

// Says how many prefixes no list may hold, if any.
void warn_of_wide(const cli::Command& command, std::uint64_t count);

// The allowlist, this host and who is connected to protected ports, as they are now; united.
base::Result<ip::Ranges> read_spared(const Settings& settings, const cli::Command& command);

// What is left of a list.
ip::Ranges without(std::span<const ip::Prefix> prefixes, const ip::Ranges& spared);

}  // namespace xlimit::ipban
