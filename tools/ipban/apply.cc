// SPDX-License-Identifier: MIT
// ipban apply: events in, events out, bans in between.
#include <chrono>

#include "ipban/batch.h"
#include "ipban/keeper.h"
#include "stage/slice.h"
#include "stage/stage.h"

namespace xlimit::ipban {

Ended apply(const Settings& settings, const cli::Command& command) {
  base::Result<std::unique_ptr<Enforcer>> opened = Enforcer::open(settings, command);
  if (!opened) return base::failed(opened);
  Enforcer& enforcer = **opened;
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
  std::optional<Keeper> keeper;
  std::optional<stream::Watch> rules;
  if (enforcer.backend() != nullptr) {
    keeper.emplace(enforcer, settings, command);
    base::Result<int> news = keeper->start();
    if (!news) return base::failed(news);
    rules.emplace(stage.loop(), *news, POLLIN, [&](short) { keeper->look(); });
  }
  enforcer.look_for_listeners();
  const stream::Timer second{stage.loop(), std::chrono::seconds{1}, [&] {
                               enforcer.look_for_listeners();
                               if (keeper) keeper->look();
                               enforcer.memory().write(std::chrono::milliseconds{0});
                             }};
  stage::ask_for_slice(stage::kBanSlice);
  Ended ended = stage.run();
  enforcer.memory().write();
  return ended;
}

}  // namespace xlimit::ipban
