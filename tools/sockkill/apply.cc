// SPDX-License-Identifier: MIT
// The stage: suspects and banned events in, the latter and `killed` out.
#include "host/watcher.h"
#include "sockkill/reaper.h"
#include "stage/slice.h"
#include "stage/stage.h"

namespace xlimit::sockkill {

using base::Exit;
using base::failed;
using base::Result;

Result<Exit> apply(const Settings& settings, const cli::Command& command) {
  if (!settings.filter.empty()) return base::fail(Exit::kUsage, "apply: takes no filter");
  Result<sockets::Diag> diag = sockets::Diag::open();
  if (!diag) return failed(diag);
  Result<void> allowed = settings.dry_run ? Result<void>{} : diag->check_destroy();
  if (!allowed) return failed(allowed);
  Result<host::Watcher> watcher = host::Watcher::open();
  if (!watcher) return failed(watcher);
  sockets::Finder finder{
      *diag, [&] { return watcher->current().map([](host::Facts facts) { return std::move(facts.own); }); }};
  if (Result<void> read = finder.refresh(); !read) return failed(read);
  std::unique_ptr<sockets::Sweeper> sweeper;
  if (!settings.dry_run) {
    Result<std::unique_ptr<sockets::Sweeper>> opened = sockets::Sweeper::open();
    if (!opened) return failed(opened);
    sweeper = std::move(*opened);
  }
  Reaper reaper{command, *diag, finder, sweeper.get()};
  stage::Handlers handlers;
  handlers.on_event = [&](const event::Event& event, const stream::Piece& line, stream::Output& out) {
    return reaper.take(event, line, out);
  };
  handlers.on_drained = [&](stream::Output& out) {
    Result<void> done = reaper.sweep(out);
    if (done) done = out.flush();
    reaper.look_ahead();
    return done;
  };
  handlers.on_end = [&](stream::Output& out) { return reaper.finish(out); };
  handlers.is_settled = [&] { return reaper.is_idle(); };
  stage::Stage stage{command, std::move(handlers)};
  std::optional<stream::Watch> swept;
  if (sweeper)
    swept.emplace(stage.loop(), sweeper->fd(), POLLIN, [&](short) {
      Result<void> reported = reaper.report(stage.out());
      if (!reported) return stage.loop().stop(std::move(reported.error()));
      if (reaper.is_idle()) stage.settle();
    });
  stage::ask_for_slice(stage::kKillSlice);  // not for the sweeper, whose walks would hold others up
  return stage.run();
}

}  // namespace xlimit::sockkill
