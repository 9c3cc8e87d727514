// SPDX-License-Identifier: MIT
// The ports that an installation's rules are limited to, so that rules which somebody took away, or that went
// with a reboot, do not come back wider than they were asked for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "journal/place.h"

namespace xlimit::journal {

// None: nothing is to be remembered.
base::Result<void> keep_ports(const Place& place, event::Direction direction,
                              std::span<const std::uint16_t> ports);
// None when none are remembered. Fails when the file can't be read or understood.
base::Result<std::vector<std::uint16_t>> kept_ports(const Place& place, event::Direction direction);

}  // namespace xlimit::journal
