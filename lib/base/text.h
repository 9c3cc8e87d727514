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

// With '?' in place of control characters only: names in any language stay what they are.
inline std::string without_controls(std::string_view text) {
  std::string shown{text};
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return shown;
}

// Without blanks at both ends.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// Without the mark that some editors put before the first line.
inline std::string_view skip_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace xlimit::base
