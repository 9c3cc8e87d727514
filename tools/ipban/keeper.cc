// SPDX-License-Identifier: MIT
// Keeps rules, sets, bans and lists in the kernel while `apply` runs.
#include "ipban/keeper.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "ipban/recover.h"

namespace xlimit::ipban {

Keeper::Keeper(Enforcer& enforcer, const Settings& settings, const cli::Command& command)
    : enforcer_(enforcer),
      backend_(*enforcer.backend()),
      settings_(settings),
      command_(command),
      put_back_(command, "another program changed the rules, undone"),
      not_put_back_(command, "put back what was lost") {}

base::Result<int> Keeper::start() {
  base::Result<int> news = backend_.watch();
  if (!news) return news;
  // Ports that were asked for must hold, whatever rules stand; without, rules that stand are left as they
  // are.
  const sets::Setup how = settings_.ports.empty() ? sets::Setup::missing : sets::Setup::exact;
  base::Result<std::vector<std::string>> made = backend_.setup(event::Direction::in, how, false);
  if (!made) return base::failed(made);
  enforcer_.memory().keep_ports(backend_, settings_.ports);
  // Sets may have been emptied as well as taken away: all bans are looked for.
  bans_went_ = true;
  backend_.made_sets(event::Direction::in);
  put_content_back();
  return news;
}

void Keeper::look() {
  harmed_ = backend_.was_harmed() || harmed_;
  const auto now = std::chrono::steady_clock::now();
  if ((!harmed_ && !flushed_) || now - undone_ < kPause) return;
  harmed_ = false;
  // Whoever flushes rules may flush sets as well, just before or after, of which the kernel tells nobody.
  bans_went_ = std::exchange(flushed_, false) || bans_went_;
  // Somebody may have chosen others since we began.
  if (settings_.ports.empty()) backend_.limit_to(enforcer_.memory().ports());
  if (put_rules_back()) {
    undone_ = now;
    bans_went_ = flushed_ = true;
  }
  put_content_back();
}

// Of direction out, while it is not in use, nothing is made. True when something was to be done.
bool Keeper::put_rules_back() {
  bool any = false;
  for (const event::Direction direction : {event::Direction::in, event::Direction::out}) {
    // A ban made the sets. It missed those that were lost, but the first of direction out missed none.
    const bool may_be_lost = direction == event::Direction::in || used_out_;
    bans_went_ = (backend_.made_sets(direction) && may_be_lost) || bans_went_;
    if (direction == event::Direction::out) {
      base::Result<bool> used = uses_out(backend_, enforcer_.memory());
      if (!used || !*used) continue;
      used_out_ = true;
    }
    base::Result<std::vector<std::string>> made = backend_.setup(direction, sets::Setup::missing, false);
    bans_went_ = backend_.made_sets(direction) || bans_went_;
    harmed_ = harmed_ || !made;
    any = any || !made || !made->empty();
    if (!made) not_put_back_.add(made.error().text);
    if (made && !made->empty()) put_back_.add(fmt::format("{}", fmt::join(*made, ", ")));
  }
  return any;
}

// Sets that went took their bans with them, and so did lists. Nobody waits here for another process that
// loads lists: bans would wait too.
void Keeper::put_content_back() {
  Recovered recovered;
  const OnBan on_ban{.restored = [](const event::Banned&, base::Time) {},
                     .refused =
                         [&](const ip::Prefix& target, const std::string& why) {
                           not_put_back_.add("ban '" + ip::to_string(target) + "': " + why);
                         }};
  base::Result<void> done;
  if (bans_went_) {
    ledger::Ledger ledger = enforcer_.memory().recall(base::now());
    done = restore_bans(enforcer_, backend_, ledger, on_ban, recovered);
    bans_went_ = !done;
  }
  if (done) done = restore_lists(settings_, command_, enforcer_.memory(), backend_, {}, recovered);
  harmed_ = harmed_ || !done;
  if (!done) not_put_back_.add(done.error().text);
  if (recovered.restored + recovered.lists == 0) return;
  command_.warn(fmt::format("sets were gone or empty; put back with {} bans and {} lists", recovered.restored,
                            recovered.lists));
}

}  // namespace xlimit::ipban
