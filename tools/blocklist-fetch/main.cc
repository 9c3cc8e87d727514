// SPDX-License-Identifier: MIT
// blocklist-fetch: downloads, checks and merges published lists of addresses.
#include "blocklist-fetch/settings.h"

int main(int argc, char** argv) {
  using namespace xlimit;
  using blocklist_fetch::Format;
  blocklist_fetch::Settings settings;
  cli::Command command{"blocklist-fetch", "Download lists of addresses, check them, write them merged."};
  command.option("--sources", settings.sources, "FILE", "which lists to fetch (TOML)");
  command.option("--cache", settings.cache, "DIR", "where the last good copies are kept");
  command.choice("--direction", settings.out, {{"in", false}, {"out", true}},
                 "of the sources whose lists are written");
  command.option("--allow", settings.allow, "FILE|CIDR", "take these out");
  command.option("--keep-bogons", settings.keep_bogons, "leave private, reserved and own addresses in");
  command.option("--widest4", settings.widest.v4, "BITS", "take out shorter IPv4 prefixes");
  command.option("--widest6", settings.widest.v6, "BITS", "take out shorter IPv6 prefixes");
  command.option("--largest", settings.largest, "MIB", "refuse larger lists");
  command.option("--patience", settings.patience, "D",
                 "give up on a download that stands nearly still so long");
  command.option("--force", settings.force, "fetch also what is not due");
  command.option("--partial", settings.partial, "write also when a source never had a good copy");
  command.option("--dry-run", settings.dry_run, "fetch and check, keep and write nothing");
  command.choice("-o,--output", settings.format,
                 {{"table", Format::table}, {"json", Format::json}, {"plain", Format::plain}},
                 "of status: table on a terminal, else json");
  command.arguments(settings.words, "SOURCE...", "only these; default: all", false);
  const auto verb = [&](const char* name, const char* summary, auto body) -> cli::Command& {
    return command.verb(name, summary, [&, body] { return body(settings, command); });
  };
  verb("merge", "merge files or stdin, without sources and copies", blocklist_fetch::merge)
      .arguments(settings.words, "FILE...", "lists; default: stdin", false);
  verb("explain", "which sources hold an address, since when? exit code 0: one", blocklist_fetch::explain)
      .arguments(settings.words, "ADDRESS...", "addresses", true);
  verb("status", "how are the sources? exit code 1: not all well", blocklist_fetch::status);
  return command.run(argc, argv, [&] { return blocklist_fetch::fetch(settings, command); });
}
