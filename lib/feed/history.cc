// SPDX-License-Identifier: MIT
// Since when a list has held an address.
#include "feed/history.h"

namespace xlimit::feed {

History::History(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::optional<base::Time> at = base::parse_time(line.substr(0, blank));
    const std::optional<ip::Prefix> prefix = ip::parse_prefix(line.substr(std::min(blank + 1, line.size())));
    if (at && prefix) came_[*at].add(*prefix);
  }
  for (auto& [at, ranges] : came_) ranges.unite();
}

void History::advance(const ip::Ranges& before, const ip::Ranges& after, base::Time at) {
  ip::Ranges gone = before, fresh = after;
  gone.subtract(after);
  fresh.subtract(before);
  for (auto& [time, ranges] : came_) ranges.subtract(gone);
  std::erase_if(came_, [](const auto& one) { return one.second.empty(); });
  if (!fresh.empty()) came_[at] = std::move(fresh);
}

std::optional<base::Time> History::since(const ip::Address& address) const {
  for (const auto& [at, ranges] : came_) {
    if (ranges.find(address)) return at;
  }
  return {};
}

std::string History::text() const {
  std::string text;
  for (const auto& [at, ranges] : came_) {
    char time[base::kTimeLength];
    const std::string_view shown{time, static_cast<std::size_t>(base::format_time(at, time) - time)};
    ranges.each_prefix([&](const ip::Prefix& prefix) {
      text += shown;
      text += ' ' + ip::to_string(prefix) + '\n';
    });
  }
  return text;
}

}  // namespace xlimit::feed
