// SPDX-License-Identifier: MIT
// ipban setup, teardown, flush: the sets and rules as a whole.
#include <fmt/core.h>

#include "cli/print.h"
#include "ipban/enforcer.h"
#include "ipban/print.h"
#include "ipban/recover.h"

namespace xlimit::ipban {
namespace {

Ended tell(const base::Result<std::vector<std::string>>& done, const Settings& settings,
           const cli::Command& command) {
  if (!done) return tl::make_unexpected(done.error());
  if (settings.dry_run || command.common().verbose) {
    for (const std::string& clause : *done) cli::print("{}{}\n", settings.dry_run ? "would " : "", clause);
  }
  return base::Exit::kDone;
}

// Where direction out is in use it is put back too, with the ports that it had.
base::Result<std::vector<std::string>> add_out(const Settings& settings, sets::Backend& backend,
                                               Memory& memory, std::vector<std::string> done) {
  base::Result<bool> out = uses_out(backend, memory);
  if (!out) return base::failed(out);
  if (!*out) return done;
  backend.limit_to(memory.ports());
  base::Result<std::vector<std::string>> more =
      backend.setup(event::Direction::out, sets::Setup::missing, settings.dry_run);
  if (!more) return more;
  done.insert(done.end(), more->begin(), more->end());
  return done;
}

}  // namespace

Ended setup(const Settings& settings, const cli::Command& command) {
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory, PortsFrom::options);
  if (!backend) return base::failed(backend);
  base::Result<std::vector<std::string>> done =
      (*backend)->setup(settings.direction, sets::Setup::exact, settings.dry_run);
  if (done && settings.direction == event::Direction::in) done = add_out(settings, **backend, memory, *done);
  if (done && !settings.dry_run) memory.keep_ports(**backend, {});
  return tell(done, settings, command);
}

Ended teardown(const Settings& settings, const cli::Command& command) {
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  base::Result<std::vector<std::string>> done = (*backend)->teardown(settings.dry_run);
  if (!done) done.error().text += "; a running 'ipban apply' puts back what is taken away";
  return tell(done, settings, command);
}

Ended flush(const Settings& settings, const cli::Command& command) {
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  // First, or a running `ipban apply` would put them back.
  if (!settings.dry_run) {
    if (base::Result<void> forgotten = memory.forget_bans(); !forgotten) return base::failed(forgotten);
  }
  std::vector<std::string> done;
  for (const sets::SetKey key : sets::kAllKeys) {
    std::uint64_t entries = 0;
    base::Result<bool> there = settings.dry_run
                                   ? (*backend)->list(key, [&](const sets::Entry&) { ++entries; })
                                   : (*backend)->flush(key);
    if (!there) return base::failed(there);
    const std::string count = settings.dry_run ? fmt::format(" of {} bans", entries) : "";
    if (*there) done.push_back("empty set '" + (*backend)->name_of(key) + "'" + count);
  }
  return tell(done, settings, command);
}

}  // namespace xlimit::ipban
