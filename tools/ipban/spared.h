// SPDX-License-Identifier: MIT
// What must stay out of any list.
#pragma once

#include <span>

#include "base/result.h"
#include "cli/command.h"
#include "ip/ranges.h"
#include "ipban/settings.h"

namespace xlimit::ipban {

// A list may be wider than a ban: whole registries are on some. Half of the Internet is on none.
inline constexpr unsigned kWidestList4 = 8, kWidestList6 = 16;

// The allowlist, this host and who is connected to protected ports, as they are now; united.
base::Result<ip::Ranges> read_spared(const Settings& settings, const cli::Command& command);

// What is left of a list.
ip::Ranges without(std::span<const ip::Prefix> prefixes, const ip::Ranges& spared);

}  // namespace xlimit::ipban
