// SPDX-License-Identifier: MIT
// Escalation, lists of names, lists of prefixes.
#include "session/options.h"

#include <fmt/format.h>

#include <charconv>

#include "base/number.h"

namespace xlimit::session {

using base::Exit;
using base::Result;

Result<void> read_value(std::string_view text, Escalation& value) {
  const std::size_t colon = text.find(':');
  double factor = 0;
  const char* end = text.data() + std::min(colon, text.size());
  const auto [stopped, error] = std::from_chars(text.data(), end, factor, std::chars_format::fixed);
  if (colon == std::string_view::npos || error != std::errc{} || stopped != end || factor < 1 ||
      factor > 1000)
    return base::fail(Exit::kUsage, fmt::format("'{}' is not FACTOR:MAX, for example 2:1d", text));
  Result<std::chrono::seconds> most = base::parse_duration(text.substr(colon + 1));
  if (!most) return base::failed(most);
  value = {.factor = factor, .most = *most};
  return {};
}

std::string show_value(const Escalation& value) {
  return value.factor <= 1 ? "" : fmt::format("{}:{}", value.factor, base::format_duration(value.most));
}

std::vector<std::string> parse_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    names.emplace_back(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin));
  }
  return names;
}

Result<std::vector<ip::Prefix>> to_prefixes(const std::vector<std::string>& words) {
  std::vector<ip::Prefix> prefixes;
  for (const std::string& word : words) {
    Result<ip::Prefix> prefix = ip::read_prefix(word);
    if (!prefix) return base::failed(prefix);
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

}  // namespace xlimit::session
