// SPDX-License-Identifier: MIT
// Escalation, files of words.
#include "session/options.h"

#include <fmt/format.h>

#include <charconv>

#include "base/number.h"
#include "base/text.h"

namespace xlimit::session {

using base::Exit;
using base::Result;

Result<void> read_value(std::string_view text, Escalation& value) {
  value = {};
  if (text.empty()) return {};
  const std::size_t colon = text.find(':');
  double factor = 0;
  const char* end = text.data() + std::min(colon, text.size());
  const auto [stopped, error] = std::from_chars(text.data(), end, factor, std::chars_format::fixed);
  if (colon == std::string_view::npos || error != std::errc{} || stopped != end ||
      !(factor >= 1 && factor <= 1000))
    return base::fail(Exit::kUsage, fmt::format("'{}' is not FACTOR:MAX, for example 2:1d", text));
  Result<std::chrono::seconds> most = base::parse_duration(text.substr(colon + 1));
  if (!most) return base::failed(most);
  value = {.factor = factor, .most = *most};
  return {};
}

std::string show_value(const Escalation& value) {
  return value.factor <= 1 ? "" : fmt::format("{}:{}", value.factor, base::format_duration(value.most));
}

Result<void> read_words(const std::string& file, std::string_view text,
                        const std::function<Result<void>(std::string_view)>& take) {
  constexpr std::string_view kBlanks = " \t\r";
  text = base::skip_byte_order_mark(text);
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    line = line.substr(begin, line.find_last_not_of(kBlanks) + 1 - begin);
    const bool commented =
        line.find(" #") != std::string_view::npos || line.find("\t#") != std::string_view::npos;
    const Result<void> taken =
        commented ? base::fail(Exit::kData, fmt::format("'{}': a comment needs a line of its own", line))
                  : take(line);
    if (!taken) return base::fail(Exit::kData, fmt::format("{}:{}: {}", file, number, taken.error().text));
  }
  return {};
}

}  // namespace xlimit::session
