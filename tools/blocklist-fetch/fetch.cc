// SPDX-License-Identifier: MIT
// blocklist-fetch: the copies of all sources brought up to date, merged, on stdout.
#include <fmt/core.h>

#include "blocklist-fetch/clean.h"
#include "blocklist-fetch/source_set.h"
#include "blocklist-fetch/update.h"

namespace xlimit::blocklist_fetch {
namespace {

// All good copies of one direction. Fails when a source has none, because a list without it would let in
// again what it holds, unless that is wanted.
base::Result<ip::Ranges> gather(const std::vector<feed::Source>& sources, const Cache& cache,
                                const Settings& settings) {
  ip::Ranges all;
  for (const feed::Source& source : sources) {
    if (source.out != settings.out) continue;
    base::Result<Copy> copy = cache.read(source.name);
    if (!copy) return base::failed(copy);
    if (!copy->good() && settings.partial) continue;
    if (!copy->good())
      return base::fail(base::Exit::kTemporary,
                        "source '" + source.name + "' has no good copy yet: nothing written; see --partial");
    base::Result<feed::Parsed> list = cache.list(source.name);
    if (!list) return base::failed(list);
    all.add(std::move(list->ranges));
  }
  if (all.empty())
    return base::fail(
        base::Exit::kTemporary,
        fmt::format("no source of direction {} has anything: nothing written", settings.out ? "out" : "in"));
  return all;
}

}  // namespace

Ended fetch(const Settings& settings, const cli::Command& command) {
  base::Result<std::vector<feed::Source>> sources = read_sources(settings);
  if (!sources) return base::failed(sources);
  base::Result<Cleaner> cleaner = Cleaner::open(settings);
  if (!cleaner) return base::failed(cleaner);
  const Cache cache{settings.cache};
  base::Result<store::Lock> lock = cache.lock();
  if (!lock) return base::failed(lock);
  if (base::Result<void> updated = Update{settings, command, cache}.run(*sources); !updated)
    return base::failed(updated);
  if (settings.dry_run) return base::Exit::kDone;
  base::Result<ip::Ranges> all = gather(*sources, cache, settings);
  if (!all) return base::failed(all);
  cleaner->clean(*all);
  if (const std::string out = cleaner->taken_out(); !out.empty()) command.warn("taken out: " + out);
  if (base::Result<void> written = write_prefixes(*all); !written) return base::failed(written);
  return base::Exit::kDone;
}

}  // namespace xlimit::blocklist_fetch
