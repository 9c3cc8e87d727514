// SPDX-License-Identifier: MIT
// Filters as the kernel's inet_diag bytecode, so that a dump of a crowded table brings only what is asked
// for.
#pragma once

#include <cstddef>
#include <vector>

#include "sockets/filter.h"

namespace xlimit::sockets {

// Longest program: a netlink attribute's payload, less a margin.
inline constexpr std::size_t kMaxBytecode = 60'000;

// Lets through at least what the filter matches (states are no part of it), so every socket must be checked
// again. Empty when nothing can be left out, or the program would be too long.
std::vector<std::byte> compile(const Filter& filter);

}  // namespace xlimit::sockets
