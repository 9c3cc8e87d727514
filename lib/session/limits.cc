// SPDX-License-Identifier: MIT
// Reads the limits file, line by line.
#include "session/limits.h"

#include "base/number.h"
#include "base/text.h"
#include "event/decode.h"

namespace xlimit::session {
namespace {

using base::Exit;
using base::Result;

struct Entry {
  std::string user;
  std::uint32_t limit = 0;
};

Result<Entry> read_event(std::string_view line) {
  std::string padded{line};
  padded.resize(line.size() + event::kPadding);
  event::Decoder decoder;
  const event::Event event = decoder.decode({padded.data(), line.size()});
  if (const auto* limit = std::get_if<event::Limit>(&event))
    return Entry{std::string{limit->user}, limit->limit};
  const auto* malformed = std::get_if<event::Malformed>(&event);
  return base::fail(Exit::kData, malformed != nullptr ? malformed->why : "it is an event, but no 'limit'");
}

Result<Entry> read_pair(std::string_view line) {
  const std::size_t blank = line.find_last_of(" \t");
  const std::size_t user_end = line.find_last_not_of(" \t", blank);
  if (blank == std::string_view::npos || user_end == std::string_view::npos)
    return base::fail(Exit::kData, "it is neither 'USER N' nor a limit event");
  Result<std::uint32_t> limit = base::parse_number<std::uint32_t>(line.substr(blank + 1));
  if (!limit) return base::failed(limit);
  return Entry{std::string{line.substr(0, user_end + 1)}, *limit};
}

}  // namespace

Result<Limits> Limits::parse(std::string_view text) {
  Limits limits;
  text = base::skip_byte_order_mark(text);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = base::trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (const Result<void> added = limits.add_line(line); !added)
      return base::fail(Exit::kData, "line " + std::to_string(number) + " '" +
                                         std::string{line.substr(0, 80)} + "': " + added.error().text);
  }
  return limits;
}

Result<void> Limits::add_line(std::string_view line) {
  if (line.empty() || line.front() == '#') return {};
  Result<Entry> entry = line.front() == '{' ? read_event(line) : read_pair(line);
  if (!entry) return base::failed(entry);
  limits_.insert_or_assign(std::move(entry->user), entry->limit);
  return {};
}

std::optional<std::uint32_t> Limits::of(std::string_view user) const {
  const auto found = limits_.find(user);
  if (found == limits_.end()) return {};
  return found->second;
}

}  // namespace xlimit::session
