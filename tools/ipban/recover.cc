// SPDX-License-Identifier: MIT
// Puts back what the kernel has lost.
#include "ipban/recover.h"

#include <algorithm>
#include <unordered_map>

#include "base/clock.h"
#include "ipban/lacking.h"
#include "ipban/spared.h"

namespace xlimit::ipban {
namespace {

constexpr std::size_t kAtOnce = 4096;
// The kernel tells whole seconds, rounded down, and its timers are not those of what is remembered.
constexpr std::chrono::seconds kSlack{1};

using Remaining = std::unordered_map<ip::Prefix, std::chrono::seconds>;

// What the kernel holds of one direction.
base::Result<Remaining> read_remaining(sets::Backend& backend, event::Direction direction) {
  Remaining remaining;
  for (const sets::Family family : {sets::Family::v4, sets::Family::v6}) {
    base::Result<bool> there = backend.list(
        {family, direction}, [&](const sets::Entry& entry) { remaining[entry.target] = entry.timeout; });
    if (!there) return base::failed(there);
  }
  return remaining;
}

bool is_there(const Remaining& remaining, const ip::Prefix& target, const ledger::Entry& entry,
              std::chrono::microseconds left) {
  const auto found = remaining.find(target);
  if (found == remaining.end()) return false;
  if (found->second.count() == 0) return true;
  return !entry.is_permanent() && found->second + kSlack >= std::chrono::floor<std::chrono::seconds>(left);
}

struct Planned {
  std::vector<sets::Order> orders;
  std::vector<const ledger::Entry*> entries;
};

// Rounded up: no ban ends early for having been restored.
base::Result<Planned> plan(sets::Backend& backend, const ledger::Ledger& ledger, Recovered& recovered) {
  Planned planned;
  for (const event::Direction direction : {event::Direction::in, event::Direction::out}) {
    base::Result<Remaining> remaining = read_remaining(backend, direction);
    if (!remaining) return base::failed(remaining);
    // After what may have taken seconds: what the kernel said meanwhile is not less than what is left now.
    const base::Time now = base::now();
    ledger.each(now, [&](const ledger::Key& key, const ledger::Entry& entry) {
      if (key.direction != direction) return;
      const std::chrono::microseconds left = *entry.left(now);
      if (is_there(*remaining, key.target, entry, left)) {
        ++recovered.present;
        return;
      }
      planned.orders.push_back(
          {.direction = direction,
           .entry = {.target = key.target, .timeout = std::chrono::ceil<std::chrono::seconds>(left)}});
      planned.entries.push_back(&entry);
    });
  }
  return planned;
}

base::Result<std::vector<journal::KeptList>> lost_lists(Lacking lacking, const Memory& memory,
                                                        sets::Backend& backend) {
  std::vector<journal::KeptList> lists;
  if (!memory.place()) return lists;
  base::Result<std::vector<journal::KeptList>> kept = journal::kept_lists(*memory.place());
  if (!kept) return kept;
  for (journal::KeptList& list : *kept) {
    base::Result<sets::ListState> state = backend.status({list.name, list.direction});
    if (!state) return base::failed(state);
    base::Result<journal::KeptFamilies> lost = lacking.look(list, *state);
    if (!lost) return base::failed(lost);
    if (lost->v4 || lost->v6) lists.push_back(std::move(list));
  }
  return lists;
}

}  // namespace

base::Result<bool> uses_out(sets::Backend& backend, Memory& memory) {
  base::Result<bool> there = backend.exists({sets::Family::v4, event::Direction::out});
  return there && !*there ? memory.uses_out(base::now()) : there;
}

base::Result<void> restore_bans(Enforcer& enforcer, sets::Backend& backend, ledger::Ledger& ledger,
                                const OnBan& on_ban, Recovered& recovered) {
  base::Result<Planned> planned = plan(backend, ledger, recovered);
  if (!planned) return base::failed(planned);
  for (std::size_t begin = 0; begin < planned->orders.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, planned->orders.size() - begin);
    const std::span<sets::Order> orders{planned->orders.data() + begin, count};
    std::vector<sets::Verdict> verdicts(count);
    if (base::Result<void> done = enforcer.ban(orders, verdicts); !done) return done;
    const base::Time at = base::now();
    for (std::size_t i = 0; i < count; ++i) {
      if (!verdicts[i].why.empty()) {
        ++recovered.refused;
        on_ban.refused(orders[i].entry.target, verdicts[i].why);
        continue;
      }
      ++recovered.restored;
      event::Banned banned = ledger.read(*planned->entries[begin + i]);
      banned.ban.duration = orders[i].entry.timeout;
      banned.result = verdicts[i].result;
      on_ban.restored(banned, at);
    }
  }
  return {};
}

base::Result<void> restore_lists(const Settings& settings, const cli::Command& command, Memory& memory,
                                 sets::Backend& backend, std::chrono::milliseconds patience,
                                 Recovered& recovered) {
  const Lacking lacking{settings, command, memory};
  base::Result<std::vector<journal::KeptList>> lists = lost_lists(lacking, memory, backend);
  if (!lists || lists->empty()) return lists ? base::Result<void>{} : base::failed(lists);
  base::Result<std::optional<store::Lock>> lock = memory.lock_lists(patience);
  if (!lock) return base::failed(lock);
  // Another process may have been faster.
  lists = lost_lists(lacking, memory, backend);
  if (!lists) return base::failed(lists);
  base::Result<ip::Ranges> spared = read_spared(settings, command);
  if (!spared) return base::failed(spared);
  for (const journal::KeptList& one : *lists) {
    base::Result<std::vector<ip::Prefix>> prefixes = journal::read_list(*memory.place(), one);
    if (!prefixes) {
      ++recovered.refused;
      command.warn(prefixes.error().text + ", list '" + one.name + "' is not restored");
      continue;
    }
    const ip::Ranges ranges = without(*prefixes, *spared);
    if (ranges.empty()) continue;
    base::Result<sets::Change> change =
        backend.load({one.name, one.direction}, ranges.prefixes(), settings.dry_run);
    if (change && change->any()) ++recovered.lists;
    if (change) continue;
    ++recovered.refused;
    command.warn(change.error().text + ", list '" + one.name + "' is not restored");
  }
  return {};
}

}  // namespace xlimit::ipban
