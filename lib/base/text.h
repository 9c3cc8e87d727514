// SPDX-License-Identifier: MIT
// What strangers wrote, fit to be shown or read.
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

// Without the mark that some editors put before the first line.
inline std::string_view skip_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace xlimit::base
