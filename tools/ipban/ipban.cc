// SPDX-License-Identifier: MIT
// ipban: keeps kernel sets of banned addresses, and the rules that drop their packets.
#include "ipban/memory.h"
#include "ipban/settings.h"

namespace {

using namespace xlimit;
using ipban::Format;
using ipban::Settings;
using sets::Kind;

void declare_shared(cli::Command& command, Settings& settings) {
  command.option("--set", settings.set, "PREFIX", "what sets and tables are called: PREFIX4, PREFIX6, ...");
  command.choice("--backend", settings.backend,
                 {{"auto", Kind::automatic}, {"ipset", Kind::ipset}, {"nft", Kind::nft}},
                 "what keeps the bans; auto: what does already, else ipset if the kernel has it");
  command.option("--port", settings.ports, "N", "drop only what goes to these TCP and UDP ports");
  command.option("--allow", settings.allow, "FILE|CIDR", "never ban these");
  command.option("--widest4", settings.widest4, "BITS", "never ban a shorter IPv4 prefix");
  command.option("--widest6", settings.widest6, "BITS", "never ban a shorter IPv6 prefix");
  command.option("--protect-port", settings.protect_ports, "N",
                 "never ban who is connected to these TCP ports; 0: none [22]");
  command.option("--state", settings.state, "DIR", "where bans, lists and ports are remembered, or none");
}

void declare_direction(cli::Command& verb, Settings& settings) {
  verb.choice("--direction", settings.direction,
              {{"in", event::Direction::in}, {"out", event::Direction::out}},
              "drop what comes from a target, or what goes to it");
}

void declare_format(cli::Command& verb, Settings& settings) {
  verb.choice("-o,--output", settings.format,
              {{"table", Format::table}, {"json", Format::json}, {"plain", Format::plain}},
              "table on a terminal, else json");
}

void declare_dry_run(cli::Command& verb, Settings& settings) {
  verb.option("--dry-run", settings.dry_run, "say what would be done, and do nothing");
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.state = ipban::default_state();
  cli::Command command{"ipban", "Ban addresses in the kernel: drop their packets until a time has passed."};
  declare_shared(command, settings);
  const auto verb = [&](const char* name, const char* summary, auto body) -> cli::Command& {
    return command.verb(name, summary, [&, body] { return body(settings, command); });
  };
  cli::Command& setup = verb("setup", "put sets and rules in place", ipban::setup);
  cli::Command& teardown = verb("teardown", "take rules and sets away", ipban::teardown);
  cli::Command& add = verb("add", "ban addresses or prefixes", ipban::add);
  cli::Command& del = verb("del", "lift bans", ipban::del);
  cli::Command& list = verb("list", "show what is banned, and for how long", ipban::list);
  cli::Command& test = verb("test", "is this banned? exit code 0 yes, 1 no", ipban::test);
  cli::Command& load = verb("load", "make a named list what a file says, all at once", ipban::load);
  cli::Command& unload = verb("unload", "take a named list away", ipban::unload);
  cli::Command& save = verb("save", "write bans and lists as events", ipban::save);
  cli::Command& restore =
      verb("restore", "put back bans, for the time that is left, and lists", ipban::restore);
  cli::Command& import = verb("import", "take over the blocklist.json of a monitoring node", ipban::import);
  cli::Command& flush = verb("flush", "lift all bans, keep sets and rules", ipban::flush);
  cli::Command& status = verb("status", "are bans enforced? exit code 0 yes, 1 no", ipban::status);
  cli::Command& apply = verb("apply", "read ban and unban events, write what became of them", ipban::apply);

  add.arguments(settings.targets, "TARGET...", "addresses or prefixes (CIDR)", true);
  add.option("--for", settings.duration, "D", "how long; 0s: until lifted");
  add.option("--reason", settings.reason, "TEXT", "goes into the event");
  del.arguments(settings.targets, "TARGET...", "addresses or prefixes, as they were banned", true);
  test.arguments(settings.targets, "TARGET...", "addresses or prefixes", true);
  load.arguments(settings.words, "NAME [FILE]", "addresses, prefixes or ranges, one a line; default: stdin",
                 true);
  load.option("--allow-empty", settings.allow_empty, "an empty list is meant");
  unload.arguments(settings.words, "NAME", "the list", true);
  list.arguments(settings.words, "NAME", "what this list holds; default: the bans", false);
  save.arguments(settings.words, "FILE", "default: stdout", false);
  restore.arguments(settings.words, "FILE",
                    "what save wrote; default: stdin if it is a file or pipe, else --state", false);
  import.arguments(settings.words, "FILE", "the node's file", true);
  for (cli::Command* some : {&setup, &add, &del, &load, &unload, &list}) declare_direction(*some, settings);
  for (cli::Command* some : {&add, &del, &list, &status, &load, &restore, &import})
    declare_format(*some, settings);
  for (cli::Command* some :
       {&setup, &teardown, &add, &del, &load, &unload, &restore, &import, &flush, &apply})
    declare_dry_run(*some, settings);
  return command.run(argc, argv);
}
