// SPDX-License-Identifier: MIT
// Bans that never get shorter, on any backend.
#include "sets/bans.h"

#include <algorithm>
#include <numeric>
#include <system_error>
#include <unordered_map>

#include "sets/lock.h"
#include "sets/set_client.h"

namespace xlimit::sets {
namespace {

using event::BanResult;
using Remaining = std::unordered_map<ip::Prefix, std::chrono::seconds>;

constexpr int kRounds = 3;

// A timeout of 0 never ends. What is left is given in whole seconds, rounded down, so a ban of equal length
// is not shorter.
bool is_longer(std::chrono::seconds asked, std::chrono::seconds left) {
  if (left.count() == 0) return false;
  return asked.count() == 0 || asked > left;
}

void blame(Verdict& verdict, std::string why) {
  verdict.failed = true;
  verdict.why = std::move(why);
}

Order with_action(Order order, Action action) {
  order.action = action;
  return order;
}

// What is left of the bans asked for.
base::Result<Remaining> read_remaining(BanStore& store, SetKey key, const std::vector<std::size_t>& which,
                                       std::span<const Order> orders) {
  std::vector<ip::Prefix> wanted;
  for (const std::size_t index : which) {
    if (orders[index].key() == key) wanted.push_back(orders[index].entry.target);
  }
  Remaining found;
  if (wanted.empty()) return found;
  base::Result<bool> listed =
      store.look_up(key, wanted, [&](const Entry& entry) { found[entry.target] = entry.timeout; });
  if (!listed) return base::failed(listed);
  return found;
}

}  // namespace

std::string Bans::reason(const Order& order, const Answer& answer) const {
  const std::string set = "set '" + store_.name_of(order.key()) + "'";
  switch (answer.outcome) {
    case Outcome::full: return set + " is full";
    case Outcome::no_set: return set + " is not there";
    case Outcome::done:
    case Outcome::exists:
    case Outcome::absent:
    case Outcome::refused: break;
  }
  return "add to " + set + ": " + error_text(answer.error);
}

base::Result<void> Bans::execute(const std::vector<Order>& orders, std::vector<Answer>& answers) {
  answers.assign(orders.size(), {});
  if (base::Result<void> asked = store_.execute(orders, answers); !asked) return asked;
  // A set that went away takes its rules' meaning with it: put everything back, then try those again.
  std::vector<Order> again;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (answers[i].outcome != Outcome::no_set || orders[i].action == Action::remove) continue;
    again.push_back(orders[i]);
    places.push_back(i);
  }
  if (again.empty()) return {};
  for (const Direction direction : {Direction::in, Direction::out}) {
    if (std::ranges::none_of(again, [&](const Order& order) { return order.direction == direction; }))
      continue;
    base::Result<std::vector<std::string>> made = store_.setup(direction, Setup::missing, false);
    if (!made) return base::failed(made);
  }
  std::vector<Answer> second(again.size());
  if (base::Result<void> asked = store_.execute(again, second); !asked) return asked;
  for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = second[i];
  return {};
}

// Returns those that are there already.
base::Result<Bans::Waiting> Bans::insert(const Waiting& which, std::span<const Order> orders,
                                         std::span<Verdict> verdicts) {
  std::vector<Order> inserts;
  inserts.reserve(which.size());
  for (const std::size_t index : which) inserts.push_back(with_action(orders[index], Action::insert));
  std::vector<Answer> answers;
  if (base::Result<void> asked = execute(inserts, answers); !asked) return base::failed(asked);
  Waiting there;
  for (std::size_t i = 0; i < which.size(); ++i) {
    Verdict& verdict = verdicts[which[i]];
    verdict.done = answers[i].outcome == Outcome::done;
    verdict.result = BanResult::added;
    if (answers[i].outcome == Outcome::exists)
      there.push_back(which[i]);
    else if (!verdict.done)
      blame(verdict, reason(orders[which[i]], answers[i]));
  }
  return there;
}

// Returns those that are no longer there.
base::Result<Bans::Waiting> Bans::extend(const Waiting& which, std::span<const Order> orders,
                                         std::span<Verdict> verdicts) {
  // Between reading what is left and writing more, another ipban may not write still more.
  const Lock lock;
  Waiting vanished, changed;
  std::vector<Order> replacements;
  for (const SetKey key : kAllKeys) {
    base::Result<Remaining> remaining = read_remaining(store_, key, which, orders);
    if (!remaining) return base::failed(remaining);
    for (const std::size_t index : which) {
      const Entry& entry = orders[index].entry;
      if (!(orders[index].key() == key)) continue;
      const auto found = remaining->find(entry.target);
      if (found == remaining->end()) {
        vanished.push_back(index);
      } else if (is_longer(entry.timeout, found->second)) {
        replacements.push_back(with_action(orders[index], Action::replace));
        changed.push_back(index);
        found->second = entry.timeout;  // for the next order on the same target
      } else {
        verdicts[index] = {.done = true, .result = BanResult::present};
      }
    }
  }
  std::vector<Answer> answers;
  if (base::Result<void> asked = execute(replacements, answers); !asked) return base::failed(asked);
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const bool done = answers[i].outcome == Outcome::done;
    verdicts[changed[i]] = {.done = done, .result = BanResult::extended};
    if (!done) blame(verdicts[changed[i]], reason(orders[changed[i]], answers[i]));
  }
  return vanished;
}

base::Result<void> Bans::ban(std::span<const Order> orders, std::span<Verdict> verdicts) {
  Waiting waiting(orders.size());
  std::iota(waiting.begin(), waiting.end(), std::size_t{0});
  for (int round = 0; round < kRounds && !waiting.empty(); ++round) {
    base::Result<Waiting> there = insert(waiting, orders, verdicts);
    if (!there) return base::failed(there);
    if (there->empty()) return {};
    base::Result<Waiting> vanished = extend(*there, orders, verdicts);
    if (!vanished) return base::failed(vanished);
    waiting = std::move(*vanished);
  }
  for (const std::size_t index : waiting)
    blame(verdicts[index], "it comes and goes in set '" + store_.name_of(orders[index].key()) + "'");
  return {};
}

base::Result<void> Bans::unban(std::span<const Order> orders, std::span<Verdict> verdicts) {
  std::vector<Order> removals;
  for (const Order& order : orders) removals.push_back(with_action(order, Action::remove));
  std::vector<Answer> answers;
  if (base::Result<void> asked = execute(removals, answers); !asked) return asked;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const Outcome outcome = answers[i].outcome;
    // In a set that is not there nobody is banned.
    verdicts[i].done = outcome == Outcome::done || outcome == Outcome::absent || outcome == Outcome::no_set;
    verdicts[i].was_present = outcome == Outcome::done;
    if (!verdicts[i].done) blame(verdicts[i], reason(orders[i], answers[i]));
  }
  return {};
}

}  // namespace xlimit::sets
