// SPDX-License-Identifier: MIT
// What is in the kernel, measured by what is remembered.
#include "ipban/states.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "journal/lists.h"

namespace xlimit::ipban {
namespace {

using sets::SetState;

constexpr std::chrono::seconds kNearlyOver{2};

// An `out` set that nobody ever needed is no news.
bool is_shown(const SetState& state) { return state.exists || !state.faults.empty(); }

// A list that was loaded and whose set somebody took away or emptied.
void blame_missing(const Memory& memory, const sets::ListKey& list, SetState& state) {
  if (!memory.place() || (state.exists && state.entries > 0)) return;
  const journal::KeptFamilies kept = journal::kept_families(*memory.place(), {list.name, list.direction});
  if (state.key.family == sets::Family::v4 ? !kept.v4 : !kept.v6) return;
  state.faults.emplace_back(state.exists
                                ? "the set was emptied; 'ipban restore' fills it"
                                : "the set is missing, and with it the list; 'ipban restore' puts it back");
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

// The bans of a set that are remembered. One whose time is nearly over may have gone by itself.
std::vector<sets::Order> remembered_in(const ledger::Ledger& ledger, sets::SetKey key, base::Time now) {
  std::vector<sets::Order> orders;
  ledger.each(now, [&](const ledger::Key& one, const ledger::Entry& entry) {
    const bool stays = entry.is_permanent() || *entry.left(now) > kNearlyOver;
    if (stays && one.direction == key.direction && sets::family_of(one.target) == key.family)
      orders.push_back({.direction = one.direction, .entry = {.target = one.target, .timeout = {}}});
  });
  return orders;
}

// Bans that somebody took out of a set behind our back. Those that restore would refuse now are not missed.
base::Result<void> blame_emptied(Enforcer& judge, const ledger::Ledger& ledger, std::vector<SetState>& bans,
                                 base::Time now) {
  for (SetState& state : bans) {
    if (!state.exists) continue;
    std::vector<sets::Order> orders = remembered_in(ledger, state.key, now);
    if (state.entries >= orders.size()) continue;
    std::vector<sets::Verdict> verdicts(orders.size());
    if (base::Result<void> judged = judge.ban(orders, verdicts); !judged) return judged;
    const auto wanted =
        std::ranges::count_if(verdicts, [](const sets::Verdict& verdict) { return verdict.why.empty(); });
    if (state.entries < static_cast<std::uint64_t>(wanted))
      state.faults.push_back(
          fmt::format("it holds {} of {} bans that are remembered; 'ipban restore' puts them back, 'ipban "
                      "flush' forgets them",
                      state.entries, wanted));
  }
  return {};
}

// Sets of direction out that somebody took away, rules and all, though they are needed.
void blame_missing(Memory& memory, std::vector<SetState>& bans) {
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

base::Result<std::vector<Shown>> read_states(Enforcer& judge, sets::Backend& backend) {
  Memory& memory = judge.memory();
  std::vector<Shown> shown;
  // First: what is banned meanwhile must not look as if it were missing.
  const base::Time now = base::now();
  const ledger::Ledger remembered = memory.recall(now);
  base::Result<std::vector<SetState>> bans = backend.status();
  if (!bans) return base::failed(bans);
  blame_missing(memory, *bans);
  if (base::Result<void> judged = blame_emptied(judge, remembered, *bans, now); !judged)
    return base::failed(judged);
  for (SetState& state : *bans) {
    if (is_shown(state)) shown.push_back({std::move(state), ""});
  }
  base::Result<std::vector<sets::ListKey>> lists = all_lists(memory, backend);
  if (!lists) return base::failed(lists);
  for (const sets::ListKey& list : *lists) {
    base::Result<sets::ListState> state = backend.status(list);
    if (!state) return base::failed(state);
    for (SetState& family : state->families) {
      blame_missing(memory, list, family);
      if (is_shown(family)) shown.push_back({std::move(family), list.name});
    }
  }
  return shown;
}

}  // namespace xlimit::ipban
