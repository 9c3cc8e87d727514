// SPDX-License-Identifier: MIT
// What `ipban load` is given.
#include "ipban/content.h"

#include <algorithm>

#include "event/event.h"
#include "event/object.h"
#include "stream/file.h"

namespace xlimit::ipban {
namespace {

constexpr std::size_t kLargestList = std::size_t{256} * 1024 * 1024;

bool add_line(event::Object& object, std::string_view line, ip::Ranges& ranges) {
  object.open(line);
  std::vector<ip::Prefix> targets = object.prefixes("targets", event::List::kMostTargets);
  if (targets.empty()) targets.push_back(object.prefix("target"));
  if (!object.close()) return false;
  for (const ip::Prefix& target : targets) ranges.add(target);
  return true;
}

feed::Parsed parse_ndjson(std::string& text) {
  const std::size_t size = text.size();
  text.resize(size + event::kPadding);
  feed::Parsed parsed;
  event::Object object;
  for (std::string_view rest = std::string_view{text}.substr(0, size); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    if (add_line(object, line, parsed.ranges))
      ++parsed.entries;
    else if (++parsed.invalid == 1)
      parsed.sample = line.substr(0, feed::kSample);
  }
  return parsed;
}

}  // namespace

base::Result<feed::Parsed> read_content(const std::string& file) {
  base::Result<std::string> text = stream::read_file(file == "-" ? "/dev/stdin" : file, kLargestList);
  if (!text) return base::failed(text);
  const std::size_t first = text->find_first_not_of(" \t\r\n");
  const bool ndjson = first != std::string::npos && (*text)[first] == '{';
  return ndjson ? parse_ndjson(*text) : feed::parse(*text);
}

}  // namespace xlimit::ipban
