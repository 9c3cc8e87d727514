// SPDX-License-Identifier: MIT
// From a broken rule to who goes for it, and why somebody does not.
#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "session/detector.h"

namespace xlimit::session {
namespace {

// A ban that is only told.
void keep_dry(Verdict& verdict) {
  std::string whom;
  for (const Target& target : verdict.targets)
    whom += fmt::format("{}{} {}", whom.empty() ? "dry run: would ban " : ", ", ip::to_string(target.prefix),
                        for_how_long(target.duration));
  add_clause(verdict.why, whom);
  verdict.action = Action::report;
  verdict.targets.clear();
}

// Is there room for this ban only in place of one whose cooldown still runs?
bool forgets_ban(const History& history, const ip::Prefix& target, Time now) {
  const History::Table& bans = history.table();
  return bans.entries().size() >= History::kMost && bans.find(target) == nullptr &&
         history.in_cooldown(bans.entries().front().key, now);
}

}  // namespace

// As many as are too many; which of them is the operator's choice.
std::vector<Index> Detector::losers(const std::vector<Index>& places, const Breach& breach) const {
  std::vector<Index> losers;
  switch (policy_.loser) {
    case Loser::newest:
      for (const std::size_t newcomer : breach.newcomers) losers.push_back(places[newcomer]);
      break;
    case Loser::oldest:
      losers.assign(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(breach.newcomers.size()));
      break;
    case Loser::all: losers = places; break;
    case Loser::none: break;
  }
  return losers;
}

// More than allowed, and no rule is broken yet: who goes if it will be can be looked up in the meantime.
void Detector::expect_losers(const std::vector<Index>& places, std::uint32_t limit, Time now) const {
  if (places.size() <= limit) return;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool late = i >= limit, early = i < places.size() - limit;
    const bool goes = policy_.loser == Loser::all || (policy_.loser == Loser::newest && late) ||
                      (policy_.loser == Loser::oldest && early);
    if (goes) expect_ban(places[i], now);
  }
}

// Not one that is not proven, a gateway, or banned a moment ago.
void Detector::expect_ban(Index place, Time now) const {
  const Place& known = table_.place(place);
  if (!evidence_.expect || policy_.dry_run || !known.confirmed || known.gateway) return;
  const ip::Prefix target = target_of(place);
  if (history_.in_cooldown(target, now) || !evidence_.expect(target)) return;
  evidence_.announce(table_.name(table_.user_of(place)), locate(place));
}

// Was there ever a connection with the address and port of one of its lines? Asked only about places that
// break a rule. That the address holds some other connection proves nothing: a forged line may name anybody.
bool Detector::proven(Index place) {
  if (!evidence_.connection || table_.place(place).confirmed) return true;
  return table_.place(place).confirmed = connected(place);
}

// Is one of the connections of its newest lines alive? No walk over all sockets.
bool Detector::connected(Index place) const {
  const Trail& trail = table_.place(place).trail;
  const std::optional<ip::Address> address = trail.address(target_of(place));
  if (!address) return false;
  const std::vector<std::uint16_t> ports = trail.ports(address->is_v4());
  return std::ranges::any_of(ports, [&](auto port) { return evidence_.connection(*address, port); });
}

// Does it hold a connection now, logged or not?
bool Detector::holds_socket(Index place) {
  if (!evidence_.any || place == fresh_) return true;
  return connected(place) || evidence_.any(target_of(place));
}

// Where it is, with the ports of all connections that are known: the logged ones, newest first, then others.
Target Detector::locate(Index place) const {
  const ip::Prefix prefix = target_of(place);
  const Trail& trail = table_.place(place).trail;
  std::optional<ip::Address> address = trail.address(prefix);
  std::vector<std::uint16_t> ports = trail.ports(prefix.is_v4());
  const auto add = [&](const std::vector<std::uint16_t>& more) {
    for (const std::uint16_t port : more)
      if (std::ranges::count(ports, port) == 0) ports.push_back(port);
  };
  if (evidence_.logged && address) add(evidence_.logged(*address));
  if (evidence_.known) {
    const Sighting sighting = evidence_.known(prefix);
    if (!sighting.ports.empty() && !address) address = sighting.address;
    if (sighting.address == address) add(sighting.ports);
  }
  if (prefix.is_single()) address.reset();
  return {prefix, address, std::move(ports), {}};
}

Target Detector::make_target(Index place, Time now) {
  Target target = locate(place);
  target.duration = history_.ban(target.prefix, now);
  return target;
}

Detector::Streak& Detector::count_violation(Index user, Time now) {
  Streak& streak = streaks_[user];
  if (streak.last + policy_.window <= now || is_ahead(streak.last, now)) streak.count = 0;
  ++streak.count;
  streak.last = now;
  return streak;
}

// Bans this place for the violation, or says why not.
void Detector::punish(Verdict& verdict, Index place) {
  const auto spare = [&](const std::string& because) {
    add_clause(verdict.why, "spared: " + because);
    if (verdict.targets.empty()) verdict.action = Action::spared;
  };
  const ip::Prefix target = target_of(place);
  const auto exempt =
      std::ranges::find_if(policy_.exempt_nets, [&](const ip::Prefix& net) { return target.contains(net); });
  if (exempt != policy_.exempt_nets.end()) {
    spare(fmt::format("{} contains {}, which is exempt", ip::to_string(target), ip::to_string(*exempt)));
  } else if (history_.in_cooldown(target, verdict.now)) {
    const bool dry = policy_.dry_run;
    add_clause(verdict.why, fmt::format("{}{} {} banned less than the cooldown ago", dry ? "dry run: " : "",
                                        ip::to_string(target), dry ? "would have been" : "was"));
  } else if (const bool known = proven(place); !known || !holds_socket(place)) {
    spare(known ? ip::to_string(target) + " holds no connection here now"
                : "the logged port of " + ip::to_string(target) + " is no connection here");
    ++unverified_;
  } else {
    evicted_ += forgets_ban(history_, target, verdict.now) ? 1 : 0;
    verdict.targets.push_back(make_target(place, verdict.now));
    verdict.action = Action::ban;
    note_ban(target);
    table_.remove_place(place);
  }
}

// Bans the losers, or says why not.
void Detector::act(Verdict verdict, Index user, const std::vector<Index>& losers) {
  const Streak& streak = count_violation(user, verdict.now);
  if (losers.empty()) {
    add_clause(verdict.why, "nobody is to lose a place");
    return tell(std::move(verdict), user);
  }
  if (streak.count < policy_.confirm) {
    add_clause(verdict.why, fmt::format("violation {} of {}", streak.count, policy_.confirm));
    for (const Index place : losers) expect_ban(place, verdict.now);
    return tell(std::move(verdict), user);
  }
  for (const Index place : losers) punish(verdict, place);
  if (policy_.dry_run && verdict.action == Action::ban) keep_dry(verdict);
  tell(std::move(verdict), user);
}

// What is not acted on is told once a window, as long as it stays the same.
void Detector::tell(Verdict verdict, Index user) {
  if (verdict.action != Action::ban) {
    Streak& streak = streaks_[user];
    const std::size_t what = std::hash<std::string>{}(verdict.why);
    const bool fresh =
        verdict.now < streak.told_at + policy_.window && !is_ahead(streak.told_at, verdict.now);
    if (streak.told == what && fresh) return;
    streak.told = what;
    streak.told_at = verdict.now;
  }
  verdicts_.push_back(std::move(verdict));
}

}  // namespace xlimit::session
