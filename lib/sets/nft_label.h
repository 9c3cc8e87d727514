// SPDX-License-Identifier: MIT
// What the set of a list in nftables says of itself, in its comment: how many prefixes it will hold, which is
// the last, and a digest that tells whether they are others at all. How far a set is filled can be told by
// its last member, since members are put in in their order. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ip/prefix.h"

namespace xlimit::sets {

std::string label_for(std::span<const ip::Prefix> prefixes);

// Of a label; 0 and absent when it is none, or says that there are none.
std::uint64_t count_in(std::string_view label);
std::optional<ip::Prefix> last_in(std::string_view label);

}  // namespace xlimit::sets
