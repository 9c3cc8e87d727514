// SPDX-License-Identifier: MIT
// ipban apply: events in, events out, bans in between.
#include <fmt/core.h>

#include <chrono>

#include "base/clock.h"
#include "ipban/batch.h"
#include "ipban/recover.h"
#include "stage/stage.h"

namespace xlimit::ipban {
namespace {

// Sets and rules that somebody took away come back; an `out` set that was never used is not made.
void put_rules_back(sets::Backend& backend, cli::Complaint& complaint) {
  for (const event::Direction direction : {event::Direction::in, event::Direction::out}) {
    if (direction == event::Direction::out) {
      base::Result<bool> used = backend.exists({sets::Family::v4, direction});
      if (!used || !*used) continue;
    }
    base::Result<std::vector<std::string>> made = backend.setup(direction, sets::Setup::missing, false);
    if (!made) complaint.add(made.error().text);
  }
}

// Sets that went took their bans with them, and so did lists.
void put_bans_back(Enforcer& enforcer, const Settings& settings, const cli::Command& command,
                   cli::Complaint& complaint) {
  ledger::Ledger ledger = enforcer.memory().recall(base::now());
  Recovered recovered;
  const OnBan on_ban{.restored = [](const event::Banned&, base::Time) {},
                     .refused =
                         [&](const ip::Prefix& target, const std::string& why) {
                           complaint.add("ban '" + ip::to_string(target) + "': " + why);
                         }};
  base::Result<void> done = restore_bans(enforcer, *enforcer.backend(), ledger, on_ban, recovered);
  if (done) done = restore_lists(settings, command, enforcer.memory(), *enforcer.backend(), recovered);
  if (!done) complaint.add(done.error().text);
  if (recovered.restored + recovered.lists == 0) return;
  command.warn(fmt::format("sets were taken away; put back with {} bans and {} lists", recovered.restored,
                           recovered.lists));
}

}  // namespace

Ended apply(const Settings& settings, const cli::Command& command) {
  base::Result<std::unique_ptr<Enforcer>> opened = Enforcer::open(settings, command);
  if (!opened) return base::failed(opened);
  Enforcer& enforcer = **opened;
  sets::Backend* backend = enforcer.backend();
  cli::Complaint not_put_back{command, "put lost rules back"};
  cli::Complaint host_unknown{command, "read this host's addresses"};

  Batch batch{enforcer, settings, command};
  stage::Stage stage{
      command,
      {.on_event = [&](const event::Event& event, const stream::Piece& line,
                       stream::Output& out) { return batch.take(event, line, out); },
       .on_other = [&](const stream::Piece& line, stream::Output& out) { return batch.pass(line, out); },
       .on_drained =
           [&](stream::Output& out) {
             const base::Result<void> done = batch.act(out);
             const base::Result<void> remembered = batch.remember(out);
             return done ? remembered : done;
           },
       .on_end = {}}};
  const stream::Watch host{stage.loop(), enforcer.host().fd(), POLLIN, [&](short) {
                             if (!enforcer.host().changed()) return;
                             base::Result<void> read = enforcer.host_changed();
                             if (!read) host_unknown.add(read.error().text);
                           }};
  enforcer.look_for_listeners();
  const stream::Timer second{stage.loop(), std::chrono::seconds{1}, [&] { enforcer.look_for_listeners(); }};
  std::optional<stream::Watch> rules;
  if (backend != nullptr) {
    base::Result<int> news = backend->watch();
    if (!news) return base::failed(news);
    rules.emplace(stage.loop(), *news, POLLIN, [&](short) {
      if (!backend->was_harmed()) return;
      // Somebody may have chosen others since we began.
      if (settings.ports.empty()) backend->limit_to(enforcer.memory().ports());
      put_rules_back(*backend, not_put_back);
      if (backend->made_sets()) put_bans_back(enforcer, settings, command, not_put_back);
    });
    // Ports that were asked for must hold, whatever rules stand; without, rules that stand are left as they
    // are.
    const sets::Setup how = settings.ports.empty() ? sets::Setup::missing : sets::Setup::exact;
    base::Result<std::vector<std::string>> made = backend->setup(event::Direction::in, how, false);
    if (!made) return base::failed(made);
    (void)backend->made_sets();  // what was there before us is restore's business
    enforcer.memory().keep_ports(*backend, settings.ports);
  }
  return stage.run();
}

}  // namespace xlimit::ipban
