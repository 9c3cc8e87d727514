// SPDX-License-Identifier: MIT
// blocklist-fetch explain, status: what the copies say.
#include <fmt/core.h>

#include "base/clock.h"
#include "base/number.h"
#include "blocklist-fetch/cache.h"
#include "blocklist-fetch/clean.h"
#include "blocklist-fetch/source_set.h"
#include "cli/print.h"
#include "cli/table.h"
#include "event/encode.h"

namespace xlimit::blocklist_fetch {
namespace {

std::string text_of(base::Time at) {
  if (at == base::Time{}) return "";
  char text[base::kTimeLength];
  return {text, base::format_time(at, text)};
}

std::string to_seconds(base::Time at) {
  const std::string text = text_of(at);
  return text.empty() ? "never" : text.substr(0, 19) + "Z";
}

// False when the source does not hold it.
base::Result<bool> explain_one(const feed::Source& source, const Cache& cache, const ip::Address& address,
                               const Settings& settings, const cli::Command& command) {
  base::Result<Copy> copy = cache.read(source.name);
  if (!copy) return base::failed(copy);
  if (copy->damaged) command.warn("source '" + source.name + "': " + copy->error);
  if (!copy->good()) return false;
  base::Result<feed::Parsed> parsed = cache.list(source.name);
  if (!parsed) return base::failed(parsed);
  ip::Ranges kept = parsed->ranges;
  kept.erase_wider(settings.widest);
  kept.unite();
  parsed->ranges.unite();
  const std::optional<ip::Prefix> found = parsed->ranges.find(address);
  if (!found) return false;
  base::Result<feed::History> history = cache.history(source.name);
  if (!history) return base::failed(history);
  const base::Time since = history->since(address).value_or(copy->first);
  cli::print("{}: in source '{}' as {} since {}{}\n", ip::to_string(address), source.name,
             ip::to_string(*found), to_seconds(since), kept.find(address) ? "" : "; too wide, taken out");
  return true;
}

std::string state_of(const Copy& copy) {
  if (!copy.error.empty()) return copy.error;
  return copy.good() ? "good" : "never fetched";
}

std::string age(base::Time at) {
  if (at == base::Time{}) return "never";
  const auto passed = std::chrono::floor<std::chrono::seconds>(base::now() - at);
  return passed < passed.zero() ? base::format_duration(-passed) + " ahead of this clock"
                                : base::format_duration(passed) + " ago";
}

void print_json(const feed::Source& source, const Copy& copy) {
  cli::print(R"({{"type":"blocklist","source":"{}","direction":"{}","good":{},"entries":{},"invalid":{},)"
             R"("checked":"{}","changed":"{}","sha256":"{}","error":"{}"}})"
             "\n",
             source.name, source.out ? "out" : "in", copy.good(), copy.entries, copy.invalid,
             text_of(copy.checked), text_of(copy.changed), copy.sha256, event::escaped(copy.error));
}

}  // namespace

Ended explain(const Settings& settings, const cli::Command& command) {
  Settings all = settings;
  all.words.clear();
  base::Result<std::vector<feed::Source>> sources = read_sources(all);
  if (!sources) return base::failed(sources);
  base::Result<Cleaner> cleaner = Cleaner::open(settings);
  if (!cleaner) return base::failed(cleaner);
  const Cache cache{settings.cache};
  bool every = true;
  for (const std::string& word : settings.words) {
    const std::optional<ip::Address> address = ip::parse_address(word);
    if (!address) return base::fail(base::Exit::kUsage, "'" + word + "' is not an address");
    bool any = false;
    for (const feed::Source& source : *sources) {
      base::Result<bool> held = explain_one(source, cache, *address, settings, command);
      if (!held) return base::failed(held);
      any = any || *held;
    }
    const std::string reason = cleaner->reason(*address);
    if (!any) cli::print("{}: in no source\n", word);
    if (any && !reason.empty()) cli::print("{}: taken out, {}\n", word, reason);
    every = every && any;
  }
  return every ? base::Exit::kDone : base::Exit::kNo;
}

Ended status(const Settings& settings, const cli::Command&) {
  base::Result<std::vector<feed::Source>> sources = read_sources(settings);
  if (!sources) return base::failed(sources);
  const Cache cache{settings.cache};
  const Format format = cli::resolve(settings.format);
  std::vector<cli::Row> rows;
  bool well = true;
  for (const feed::Source& source : *sources) {
    base::Result<Copy> copy = cache.read(source.name);
    if (!copy) return base::failed(copy);
    well = well && copy->good() && copy->error.empty();
    if (format == Format::json)
      print_json(source, *copy);
    else
      rows.push_back({source.name, source.out ? "out" : "in", std::to_string(copy->entries),
                      age(copy->checked), age(copy->changed), state_of(*copy)});
  }
  if (format == Format::table)
    cli::print_table({"SOURCE", "DIRECTION", "ENTRIES", "CHECKED", "CHANGED", "STATE"}, rows);
  if (format == Format::plain) cli::print_plain(rows);
  return well ? base::Exit::kDone : base::Exit::kNo;
}

}  // namespace xlimit::blocklist_fetch
