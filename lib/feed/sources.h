// SPDX-License-Identifier: MIT
// Which lists to fetch, as a TOML file says. Pure.
//
//   [[source]]
//   name = "scanners"
//   url = "https://example.com/scanners.txt"   # or http:, or file:
//   direction = "in"                            # or "out"
//   interval = "24h"
//   minimum = 100                               # entries
//   max_shrink = 50                             # percent
//   sha256 = "..."                              # of a list that never changes
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "feed/check.h"

namespace xlimit::feed {

struct Source {
  std::string name;  // letters, digits, '-', '_'
  std::string url;
  bool out = false;
  std::chrono::seconds interval{std::chrono::hours{24}};
  Demands demands;
};

inline constexpr std::size_t kMostSources = 256;

// Fails with kConfig and "FILE:LINE: what is wrong": unknown keys, values of another kind, a name twice.
base::Result<std::vector<Source>> parse_sources(std::string_view text, const std::string& file);

}  // namespace xlimit::feed
