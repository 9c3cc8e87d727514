// SPDX-License-Identifier: MIT
// What strangers wrote, fit to be shown.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace xlimit::base {

// With '?' in place of what is not printable ASCII: such bytes could steer a terminal.
inline std::string printable(std::string_view text) {
  std::string shown{text};
  std::ranges::replace_if(
      shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

}  // namespace xlimit::base
