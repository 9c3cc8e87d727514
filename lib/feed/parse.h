// SPDX-License-Identifier: MIT
// Reads lists of addresses as they are published: an address, a prefix (host bits may be set) or a range
// "a-b" a line; comments from '#' or ';'; columns of CSV and of hosts files, of which the first counts. Pure.
//
//   feed::Parsed parsed = feed::parse(text);
//   parsed.ranges.unite();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ip/ranges.h"

namespace xlimit::feed {

struct Parsed {
  ip::Ranges ranges;          // as they came, not united
  std::uint64_t entries = 0;  // lines that hold one
  std::uint64_t invalid = 0;  // lines that hold something else; a first line of column names is none
  std::string sample;         // the first of these, cut to kSample bytes
};

inline constexpr std::size_t kSample = 80;

Parsed parse(std::string_view text);

}  // namespace xlimit::feed
