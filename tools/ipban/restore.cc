// SPDX-License-Identifier: MIT
// ipban restore: bans for the time that is left, and lists, from a file or from what is remembered.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/print.h"
#include "ipban/print.h"
#include "ipban/recover.h"
#include "ipban/saved.h"
#include "ipban/spared.h"

namespace xlimit::ipban {
namespace {

// Of refused bans so many are told one by one.
constexpr std::uint64_t kMostTold = 20;

// Something that somebody has put there for us to read, as opposed to what a terminal or a service has.
bool is_fed(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode));
}

// Absent: from what is remembered.
base::Result<std::optional<Saved>> read_source(const Settings& settings, base::Time now) {
  if (settings.words.size() > 1)
    return base::fail(base::Exit::kUsage, "'" + settings.words[1] + "': unexpected argument");
  const std::string file = settings.words.empty() ? "" : settings.words.front();
  base::Fd opened;
  int fd = STDIN_FILENO;
  if (!file.empty() && file != "-") {
    opened = base::Fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!opened) return base::os_error("open '" + file + "'");
    fd = opened.get();
  } else if (file.empty() && !is_fed(fd)) {
    return std::nullopt;
  }
  base::Result<Saved> saved = read_saved(fd, file.empty() ? "-" : file, now);
  if (!saved) return base::failed(saved);
  // As cron leaves it, or because what should have written it failed.
  if (file.empty() && !saved->any)
    return base::fail(base::Exit::kData,
                      "read stdin: it is empty, nothing is restored; what is remembered is restored without "
                      "stdin, by '</dev/null'");
  return std::optional<Saved>{std::move(*saved)};
}

// A list that was saved takes the place of one that is there.
base::Result<void> load_lists(const Settings& settings, const cli::Command& command, Memory& memory,
                              sets::Backend& backend, Saved& saved, Recovered& recovered) {
  warn_of_wide(command, saved.too_wide);
  recovered.refused += saved.too_wide;
  if (saved.lists.empty()) return {};
  base::Result<std::optional<store::Lock>> lock = memory.lock_lists(kListPatience);
  if (!lock) return base::failed(lock);
  base::Result<ip::Ranges> spared = read_spared(settings, command);
  if (!spared) return base::failed(spared);
  for (auto& [list, ranges] : saved.lists) {
    ranges.subtract(*spared);
    const std::vector<ip::Prefix> prefixes = ranges.prefixes();
    base::Result<sets::Change> change = backend.load(list, prefixes, settings.dry_run);
    if (!change) return base::failed(change);
    if (!settings.dry_run) memory.keep_list(list, prefixes);
    if (change->any()) ++recovered.lists;
  }
  return {};
}

base::Result<void> make_ready(const Settings& settings, sets::Backend& backend, Memory& memory) {
  base::Result<bool> out = uses_out(backend, memory);
  if (!out) return base::failed(out);
  for (const event::Direction direction : {event::Direction::in, event::Direction::out}) {
    if (direction == event::Direction::out && !*out) continue;
    base::Result<std::vector<std::string>> made = backend.setup(direction, sets::Setup::missing, false);
    if (!made) return base::failed(made);
  }
  memory.keep_ports(backend, settings.ports);
  return {};
}

void warn_of(const cli::Command& command, const Recovered& recovered, const ip::Prefix& target,
             const std::string& why) {
  if (recovered.refused <= kMostTold) command.warn("ban '" + ip::to_string(target) + "': " + why);
}

void tell(const Recovered& recovered, const Settings& settings) {
  if (resolve(settings.format) == Format::json) {
    cli::print(R"({{"type":"restored","bans":{},"present":{},"refused":{},"lists":{},"dry_run":{}}})"
               "\n",
               recovered.restored, recovered.present, recovered.refused, recovered.lists, settings.dry_run);
    return;
  }
  cli::print("{}{} bans and {} lists; {} bans were there, {} refused\n",
             settings.dry_run ? "would restore " : "restored ", recovered.restored, recovered.lists,
             recovered.present, recovered.refused);
}

}  // namespace

Ended restore(const Settings& settings, const cli::Command& command) {
  const base::Time now = base::now();
  base::Result<std::optional<Saved>> source = read_source(settings, now);
  if (!source) return base::failed(source);
  base::Result<std::unique_ptr<Enforcer>> enforcer = Enforcer::open(settings, command);
  if (!enforcer) return base::failed(enforcer);
  Memory& memory = (*enforcer)->memory();
  // The enforcer has none when it runs dry.
  std::unique_ptr<sets::Backend> reading;
  if (settings.dry_run) {
    base::Result<std::unique_ptr<sets::Backend>> opened = open_backend(settings, memory);
    if (!opened) return base::failed(opened);
    reading = std::move(*opened);
  }
  sets::Backend& backend = settings.dry_run ? *reading : *(*enforcer)->backend();
  if (!settings.dry_run) {
    if (base::Result<void> ready = make_ready(settings, backend, memory); !ready) return base::failed(ready);
  }

  Recovered recovered;
  const bool from_file = source->has_value();
  if (from_file && (*source)->broken > 0)
    command.warn(fmt::format("{} lines are no events, the first because {}, skipped", (*source)->broken,
                             (*source)->sample));
  const OnBan on_ban{.restored =
                         [&](const event::Banned& banned, base::Time at) {
                           if (from_file && !settings.dry_run) memory.add(banned, at);
                         },
                     .refused = [&](const ip::Prefix& target,
                                    const std::string& why) { warn_of(command, recovered, target, why); }};
  base::Result<ledger::Ledger> own = from_file ? ledger::Ledger{} : memory.read(now);
  if (!own) return base::failed(own);
  if (own->broken() > 0)
    command.warn(
        fmt::format("'{}': {} lines of the journal are no events, skipped", settings.state, own->broken()));
  ledger::Ledger& bans = from_file ? (*source)->bans : *own;
  base::Result<void> done = restore_bans(**enforcer, backend, bans, on_ban, recovered);
  memory.write();
  if (done) {
    done = from_file ? load_lists(settings, command, memory, backend, **source, recovered)
                     : restore_lists(settings, command, memory, backend, kListPatience, recovered);
  }
  if (!done) return base::failed(done);
  tell(recovered, settings);
  return recovered.refused == 0 ? base::Exit::kDone : base::Exit::kNo;
}

}  // namespace xlimit::ipban
