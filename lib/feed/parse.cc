// SPDX-License-Identifier: MIT
// One line of a list after the other.
#include "feed/parse.h"

namespace xlimit::feed {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// The first of several columns, without quotes.
std::string_view first_column(std::string_view line) {
  std::string_view column = trim(line.substr(0, line.find(',')));
  if (column.size() >= 2 && column.front() == '"' && column.back() == '"')
    column = trim(column.substr(1, column.size() - 2));
  return column;
}

bool add_range(std::string_view first, std::string_view last, ip::Ranges& ranges) {
  const std::optional<ip::Address> from = ip::parse_address(trim(first));
  const std::optional<ip::Address> to = ip::parse_address(trim(last));
  return from && to && ranges.add(*from, *to);
}

bool add_entry(std::string_view column, ip::Ranges& ranges) {
  if (const std::size_t dash = column.find('-');
      dash != std::string_view::npos && add_range(column.substr(0, dash), column.substr(dash + 1), ranges))
    return true;
  // What follows an address behind a blank is a host's name or a remark.
  const std::optional<ip::Prefix> prefix = ip::parse_prefix(column.substr(0, column.find_first_of(kBlanks)));
  if (prefix) ranges.add(*prefix);
  return prefix.has_value();
}

}  // namespace

Parsed parse(std::string_view text) {
  Parsed parsed;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view line = trim(whole.substr(0, whole.find_first_of("#;")));
    if (line.empty()) continue;
    if (add_entry(first_column(line), parsed.ranges)) {
      ++parsed.entries;
    } else if (!first || line.find(',') == std::string_view::npos) {
      if (++parsed.invalid == 1) parsed.sample = line.substr(0, kSample);
    }
    first = false;
  }
  return parsed;
}

}  // namespace xlimit::feed
