// SPDX-License-Identifier: MIT
// blocklist-fetch: the copies of all sources brought up to date, merged, on stdout.
#include <fmt/core.h>

#include <algorithm>

#include "blocklist-fetch/clean.h"
#include "blocklist-fetch/source_set.h"
#include "blocklist-fetch/update.h"

namespace xlimit::blocklist_fetch {
namespace {

// Those of one direction that have a good copy. Fails when one has none, because a list without it would let
// in again what it holds, unless that is wanted.
base::Result<std::vector<std::string>> choose(const std::vector<feed::Source>& sources,
                                              const std::vector<std::string>& lacking,
                                              const Settings& settings) {
  std::vector<std::string> chosen;
  std::string without;
  for (const feed::Source& source : sources) {
    if (source.out != settings.out) continue;
    if (std::ranges::count(lacking, source.name) == 0)
      chosen.push_back(source.name);
    else
      without += (without.empty() ? "'" : ", '") + source.name + "'";
  }
  if (!without.empty() && !settings.partial)
    return base::fail(base::Exit::kTemporary,
                      "no good copy yet of " + without + ": nothing written; see --partial");
  if (!chosen.empty()) return chosen;
  return base::fail(
      base::Exit::kTemporary,
      fmt::format("no source of direction {} has anything: nothing written", settings.out ? "out" : "in"));
}

base::Result<ip::Ranges> gather(const std::vector<std::string>& names, const Cache& cache) {
  ip::Ranges all;
  for (const std::string& name : names) {
    base::Result<feed::Parsed> list = cache.list(name);
    if (!list) return base::failed(list);
    all.add(std::move(list->ranges));
  }
  return all;
}

}  // namespace

Ended fetch(const Settings& settings, const cli::Command& command) {
  base::Result<std::vector<feed::Source>> sources = read_sources(settings);
  if (!sources) return base::failed(sources);
  base::Result<Cleaner> cleaner = Cleaner::open(settings);
  if (!cleaner) return base::failed(cleaner);
  const Cache cache{settings.cache};
  base::Result<std::optional<store::Lock>> lock = cache.lock(settings.dry_run);
  if (!lock) return base::failed(lock);
  if (!settings.dry_run) cache.clear_away_abandoned(*sources);
  base::Result<std::vector<std::string>> lacking = Update{settings, command, cache}.run(*sources);
  if (!lacking) return base::failed(lacking);
  base::Result<std::vector<std::string>> names = choose(*sources, *lacking, settings);
  if (!names) return base::failed(names);
  if (settings.dry_run) return base::Exit::kDone;
  base::Result<ip::Ranges> all = gather(*names, cache);
  if (!all) return base::failed(all);
  cleaner->clean(*all);
  if (const std::string out = cleaner->taken_out(); !out.empty()) command.warn("taken out: " + out);
  if (base::Result<void> written = cleaner->write(*all); !written) return base::failed(written);
  return base::Exit::kDone;
}

}  // namespace xlimit::blocklist_fetch
