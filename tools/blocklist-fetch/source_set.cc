// SPDX-License-Identifier: MIT
// The configured sources, as the verbs want them.
#include "blocklist-fetch/source_set.h"

#include <algorithm>

#include "stream/file.h"

namespace xlimit::blocklist_fetch {

base::Result<std::vector<feed::Source>> read_sources(const Settings& settings) {
  base::Result<std::string> text = stream::read_file(settings.sources, std::size_t{1} << 20U);
  if (!text) return base::failed(text);
  base::Result<std::vector<feed::Source>> all = feed::parse_sources(*text, settings.sources);
  if (!all || settings.words.empty()) return all;
  std::vector<feed::Source> named;
  for (const std::string& word : settings.words) {
    const auto found = std::ranges::find(*all, word, &feed::Source::name);
    if (found == all->end())
      return base::fail(base::Exit::kUsage, "'" + word + "': no such source in '" + settings.sources + "'");
    named.push_back(*found);
  }
  return named;
}

}  // namespace xlimit::blocklist_fetch
