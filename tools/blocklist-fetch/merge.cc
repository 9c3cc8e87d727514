// SPDX-License-Identifier: MIT
// blocklist-fetch merge: files in, prefixes out.
#include <fmt/core.h>

#include "blocklist-fetch/clean.h"
#include "blocklist-fetch/list.h"

namespace xlimit::blocklist_fetch {

Ended merge(const Settings& settings, const cli::Command& command) {
  // Whoever merges by hand says himself what must not be in it.
  Settings only_allowed = settings;
  only_allowed.keep_bogons = true;
  base::Result<Cleaner> cleaner = Cleaner::open(only_allowed);
  if (!cleaner) return base::failed(cleaner);
  const std::vector<std::string> files =
      settings.words.empty() ? std::vector<std::string>{"-"} : settings.words;
  ip::Ranges all;
  for (const std::string& file : files) {
    base::Result<feed::Parsed> parsed =
        read_list(file == "-" ? "/dev/stdin" : file, std::size_t{settings.largest} << 20U);
    if (!parsed) return base::failed(parsed);
    all.add(std::move(parsed->ranges));
    if (parsed->invalid > 0)
      command.warn(fmt::format("'{}': {} lines are no address or prefix, the first '{}', skipped", file,
                               parsed->invalid, parsed->sample));
  }
  cleaner->clean(all);
  if (const std::string out = cleaner->taken_out(); !out.empty()) command.warn("taken out: " + out);
  if (base::Result<void> written = cleaner->write(all); !written) return base::failed(written);
  return base::Exit::kDone;
}

}  // namespace xlimit::blocklist_fetch
