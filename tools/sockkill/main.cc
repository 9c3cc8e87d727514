// SPDX-License-Identifier: MIT
// sockkill: destroys sockets, by a filter or as banned events come in.
#include <unistd.h>

#include "sockkill/sockkill.h"

int main(int argc, char** argv) {
  using namespace xlimit;
  sockkill::Settings settings;
  if (::isatty(STDOUT_FILENO) == 1) settings.form = sockets::Form::table;
  cli::Command command{"sockkill", "Destroy the sockets that a filter in ss(8)'s words matches."};
  const std::string words =
      "what to match: dst 203.0.113.7 sport = :443, state established, and, or, not, ( )";
  command.arguments(settings.filter, "FILTER", words, false);
  command.option("--all", settings.all, "allow a filter that matches everything");
  command.keep_to_line("--all");  // a file would give away what it guards
  command.option("--dry-run", settings.dry_run, "only say what would be destroyed");
  command.choice(
      "-o,--output", settings.form,
      {{"table", sockets::Form::table}, {"json", sockets::Form::json}, {"plain", sockets::Form::plain}},
      "how sockets are listed");
  command.verb("apply", "Destroy the sockets of every banned event on stdin; pass lines on.",
               [&] { return sockkill::apply(settings, command); });
  cli::Command& list = command.verb("list", "List the sockets that a filter would destroy.",
                                    [&] { return sockkill::list(settings); });
  list.arguments(settings.filter, "FILTER", words, false);
  return command.run(argc, argv, [&] { return sockkill::kill(settings); });
}
