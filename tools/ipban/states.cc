// SPDX-License-Identifier: MIT
// What is in the kernel, measured by what is remembered.
#include "ipban/states.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "ipban/enforcer.h"
#include "ipban/lacking.h"

namespace xlimit::ipban {
namespace {

using sets::SetState;

constexpr std::chrono::seconds kNearlyOver{2};

// An `out` set that nobody ever needed is no news.
bool is_shown(const SetState& state) { return state.exists || !state.faults.empty(); }

// A list that was loaded and whose sets somebody took away or emptied.
void blame_lost_list(const journal::KeptFamilies& lost, sets::ListState& list) {
  for (SetState& state : list.families) {
    if (state.key.family == sets::Family::v4 ? !lost.v4 : !lost.v6) continue;
    state.faults.emplace_back(state.exists
                                  ? "the set was emptied; 'ipban restore' fills it"
                                  : "the set is missing, and with it the list; 'ipban restore' puts it back");
  }
}

// Lists that are in the kernel or were.
base::Result<std::vector<sets::ListKey>> all_lists(const Memory& memory, sets::Backend& backend) {
  base::Result<std::vector<sets::ListKey>> lists = backend.lists();
  if (!lists || !memory.place()) return lists;
  base::Result<std::vector<journal::KeptList>> kept = journal::kept_lists(*memory.place());
  if (!kept) return base::failed(kept);
  for (const journal::KeptList& one : *kept) {
    const sets::ListKey list{one.name, one.direction};
    if (std::ranges::count(*lists, list) == 0) lists->push_back(list);
  }
  return lists;
}

// Those of the targets that restore would not refuse now.
base::Result<std::uint64_t> count_wanted(Enforcer& judge, event::Direction direction,
                                         const std::vector<ip::Prefix>& targets) {
  std::vector<sets::Order> orders;
  orders.reserve(targets.size());
  for (const ip::Prefix& target : targets)
    orders.push_back({.direction = direction, .entry = {.target = target, .timeout = {}}});
  std::vector<sets::Verdict> verdicts(orders.size());
  if (base::Result<void> judged = judge.ban(orders, verdicts); !judged) return base::failed(judged);
  return static_cast<std::uint64_t>(
      std::ranges::count_if(verdicts, [](const sets::Verdict& verdict) { return verdict.why.empty(); }));
}

// Bans that somebody took out of a set behind our back. Who may be banned is asked only when some are gone.
base::Result<void> blame_emptied(const Settings& settings, const cli::Command& command, Memory& memory,
                                 const ledger::Ledger& before, std::vector<SetState>& bans, base::Time now) {
  Settings dry = settings;
  dry.dry_run = true;
  std::optional<ledger::Ledger> after;
  std::unique_ptr<Enforcer> judge;
  for (SetState& state : bans) {
    const auto [family, direction] = state.key;
    std::vector<ip::Prefix> targets = before.lasting(direction, family == sets::Family::v4, now, kNearlyOver);
    if (!state.exists || state.entries >= targets.size()) continue;
    // One may have been lifted before the kernel was asked.
    if (!after) after = memory.recall(now);
    std::erase_if(targets, [&, way = direction](const ip::Prefix& target) {
      return after->find({target, way}, now) == nullptr;
    });
    if (state.entries >= targets.size()) continue;
    if (!judge) {
      base::Result<std::unique_ptr<Enforcer>> opened = Enforcer::open(dry, command);
      if (!opened) return base::failed(opened);
      judge = std::move(*opened);
    }
    base::Result<std::uint64_t> wanted = count_wanted(*judge, direction, targets);
    if (!wanted) return base::failed(wanted);
    if (state.entries >= *wanted) continue;
    state.faults.push_back(
        fmt::format("it holds {} of {} bans that are remembered; 'ipban restore' puts them back, 'ipban "
                    "flush' forgets them",
                    state.entries, *wanted));
  }
  return {};
}

// Sets of direction out that somebody took away, rules and all, though they are needed.
void blame_lost_out(Memory& memory, std::vector<SetState>& bans) {
  const auto is_gone = [](const SetState& state) {
    return state.key.direction == event::Direction::out && !is_shown(state);
  };
  if (std::ranges::none_of(bans, is_gone) || !memory.uses_out(base::now())) return;
  for (SetState& state : bans) {
    if (is_gone(state))
      state.faults.emplace_back(
          "the set is missing, and bans or lists of its direction are remembered; 'ipban "
          "restore' puts them back");
  }
}

}  // namespace

base::Result<std::vector<Shown>> read_states(const Settings& settings, const cli::Command& command,
                                             Memory& memory, sets::Backend& backend) {
  std::vector<Shown> shown;
  // First: what is banned meanwhile must not look as if it were missing.
  const base::Time now = base::now();
  const ledger::Ledger remembered = memory.recall(now);
  base::Result<std::vector<SetState>> bans = backend.status();
  if (!bans) return base::failed(bans);
  blame_lost_out(memory, *bans);
  if (base::Result<void> judged = blame_emptied(settings, command, memory, remembered, *bans, now); !judged)
    return base::failed(judged);
  for (SetState& state : *bans) {
    if (is_shown(state)) shown.push_back({std::move(state), ""});
  }
  base::Result<std::vector<sets::ListKey>> lists = all_lists(memory, backend);
  if (!lists) return base::failed(lists);
  Lacking lacking{settings, command, memory};
  for (const sets::ListKey& list : *lists) {
    base::Result<sets::ListState> state = backend.status(list);
    if (!state) return base::failed(state);
    base::Result<journal::KeptFamilies> lost = lacking.look({list.name, list.direction}, *state);
    if (!lost) return base::failed(lost);
    blame_lost_list(*lost, *state);
    for (SetState& family : state->families) {
      if (is_shown(family)) shown.push_back({std::move(family), list.name});
    }
  }
  return shown;
}

}  // namespace xlimit::ipban
