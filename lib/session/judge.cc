// SPDX-License-Identifier: MIT
// From the state to a verdict: which rule is broken, who goes, and why somebody does not.
#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "session/detector.h"

namespace xlimit::session {
namespace {

void add_clause(std::string& why, const std::string& clause) { why += (why.empty() ? "" : "; ") + clause; }

}  // namespace

std::string_view word(Action action) {
  switch (action) {
    case Action::ban: return "ban";
    case Action::report: return "report";
    case Action::spared: return "spared";
  }
  return "";
}

Verdict Detector::make_verdict(Index user, Time now, std::string_view rule,
                               std::span<const Index> places) const {
  Verdict verdict;
  verdict.at = now;
  verdict.user = table_.name(user);
  verdict.rule = rule;
  verdict.window = policy_.window;
  for (const Index place : places) verdict.addresses.push_back(target_of(place));
  return verdict;
}

// A gateway is reported once a window, whoever comes through it.
void Detector::judge_shared(Index place, Time now) {
  if (!is_gateway(place, now)) return;
  const ip::Prefix target = target_of(place);
  const Time* told = shared_told_.find(target);
  if (told != nullptr && now < *told + policy_.window && !is_ahead(*told, now)) return;
  shared_told_.use(target) = now;
  shared_told_.trim([](Time) {});
  note_shared(target);
  Verdict verdict = make_verdict(table_.user_of(place), now, "shared", std::span{&place, 1});
  verdict.limit = policy_.shared_limit;
  verdict.action = Action::spared;
  verdict.why =
      fmt::format("{} is used by {} users or more inside {}: a gateway, counted for nobody",
                  ip::to_string(target), policy_.shared_limit, base::format_duration(policy_.window));
  verdicts_.push_back(std::move(verdict));
}

// What about this line tells of a torrent; empty when nothing does.
std::string Detector::torrent_sign(const event::Access& access, Index place, Time now) {
  const auto& tags = policy_.torrent_tags;
  const std::string target = ip::to_string(target_of(place));
  if (std::find(tags.begin(), tags.end(), access.outbound) != tags.end())
    return fmt::format("{} was routed to '{}'", target, access.outbound);
  const TorrentRate& rate = policy_.torrent_rate;
  if (rate.hosts == 0 || !is_peer(access.host, access.dport.value_or(0))) return {};
  // By name, not by number: a state file must mean the same in another process.
  const std::uint64_t key = std::hash<ip::Prefix>{}(target_of(place)) ^
                            std::hash<std::string_view>{}(table_.name(table_.user_of(place)));
  const bool torrent = bursts_.add(key, access.host, now);
  evicted_ += bursts_.take_dropped();
  note_burst(key, access.host);
  if (!torrent) return {};
  return fmt::format("{} opened connections to more than {} hosts by address inside {}", target, rate.hosts,
                     base::format_duration(rate.within));
}

void Detector::judge_torrent(const event::Access& access, Index place, Time now) {
  if (policy_.torrent_tags.empty() && policy_.torrent_rate.hosts == 0) return;
  std::string sign = torrent_sign(access, place, now);
  if (sign.empty()) return;
  const Index user = table_.user_of(place);
  Verdict verdict = make_verdict(user, now, "torrent", std::span{&place, 1});
  verdict.why = std::move(sign);
  if (is_gateway(place, now)) {
    verdict.action = Action::spared;
    add_clause(verdict.why, "spared: the address is a gateway");
    return tell(std::move(verdict), user);
  }
  act(std::move(verdict), user, {place});
}

// The user's places, oldest first.
std::vector<Index> Detector::places_of(Index user) const {
  std::vector<Index> places;
  for (Index place = table_.places(user); place != kNone; place = table_.place(place).next_of_user)
    places.push_back(place);
  std::sort(places.begin(), places.end(),
            [this](Index a, Index b) { return table_.place(a).first < table_.place(b).first; });
  return places;
}

// Takes out of `places` those for which `is_out` holds, and says which.
std::string Detector::take_out(std::vector<Index>& places, const std::function<bool(Index)>& is_out) const {
  std::string names;
  std::erase_if(places, [&](Index place) {
    if (!is_out(place)) return false;
    names += (names.empty() ? "" : ", ") + ip::to_string(target_of(place));
    return true;
  });
  return names;
}

std::string Detector::describe(const std::vector<Index>& places, const Breach& breach) const {
  const std::string newcomer = ip::to_string(target_of(places[breach.newcomers.back()]));
  const std::string witness = ip::to_string(target_of(places[breach.witness]));
  if (policy_.rule == Rule::strict)
    return fmt::format("{} joined while {} was active (strict)", newcomer, witness);
  if (breach.by_grace)
    return fmt::format("{} was still active {} after {} had joined (overlap)", witness,
                       base::format_duration(policy_.grace), newcomer);
  return fmt::format("{} was seen again after {} had joined (overlap)", witness, newcomer);
}

void Detector::judge_addresses(Index user, Time now) {
  std::uint32_t held = 0;
  for (Index place = table_.places(user); place != kNone; place = table_.place(place).next_of_user) ++held;
  if (held < 2) return;  // breaks no limit, so nobody needs to look it up
  const std::uint32_t limit = limit_of(user);
  if (limit == 0 || held <= limit) return;
  std::vector<Index> places = places_of(user);
  const auto breach_of = [&](const std::vector<Index>& counted) {
    std::vector<Activity> times;
    times.reserve(counted.size());
    for (const Index place : counted) times.push_back({table_.place(place).first, table_.place(place).last});
    return find_breach(times, limit, policy_.rule, policy_.grace, now);
  };
  std::optional<Breach> breach = breach_of(places);
  if (!breach) return expect_losers(places, limit);

  Verdict verdict = make_verdict(user, now, "addresses", places);
  verdict.limit = limit;
  std::string why = describe(places, *breach), out;
  // Who is left out may be what broke the rule, so it is applied again to the rest.
  const auto leave_out = [&](const char* because, const std::function<bool(Index)>& is_out) {
    const std::string names = take_out(places, is_out);
    if (names.empty()) return;
    add_clause(out, because + names);
    breach = breach_of(places);
    if (breach) why = describe(places, *breach);
  };
  leave_out("not counted, a gateway: ", [&](Index place) { return is_gateway(place, now); });
  const std::size_t counted = places.size();
  if (breach)
    leave_out("not counted, the logged port is no connection here: ",
              [&](Index place) { return !proven(place); });
  unverified_ += counted - places.size();
  verdict.why = std::move(why);
  if (!out.empty()) add_clause(verdict.why, out);
  if (!breach) {
    verdict.action = Action::spared;
    return tell(std::move(verdict), user);
  }
  verdict.counted = places.size();
  act(std::move(verdict), user, losers(places, *breach));
}

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
void Detector::expect_losers(const std::vector<Index>& places, std::uint32_t limit) const {
  if (!evidence_.expect || places.size() <= limit) return;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool late = i >= limit, early = i < places.size() - limit;
    const bool goes = policy_.loser == Loser::all || (policy_.loser == Loser::newest && late) ||
                      (policy_.loser == Loser::oldest && early);
    if (goes) evidence_.expect(target_of(places[i]));
  }
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

// Whom to ban, with the ports of all connections that are known: the logged ones, newest first, then others.
Target Detector::make_target(Index place, Time now) {
  const ip::Prefix prefix = target_of(place);
  const Trail& trail = table_.place(place).trail;
  std::optional<ip::Address> address = trail.address(prefix);
  std::vector<std::uint16_t> ports = trail.ports(prefix.is_v4());
  if (evidence_.known) {
    const Sighting sighting = evidence_.known(prefix);
    if (!sighting.ports.empty() && !address) address = sighting.address;
    for (const std::uint16_t port : sighting.ports) {
      if (sighting.address == address && std::ranges::count(ports, port) == 0) ports.push_back(port);
    }
  }
  if (prefix.is_single()) address.reset();
  return {prefix, address, std::move(ports), history_.ban(prefix, now)};
}

Detector::Streak& Detector::count_violation(Index user, Time now) {
  Streak& streak = streaks_[user];
  if (streak.last + policy_.window <= now || is_ahead(streak.last, now)) streak.count = 0;
  ++streak.count;
  streak.last = now;
  return streak;
}

// Bans the losers, or says why not.
void Detector::act(Verdict verdict, Index user, const std::vector<Index>& losers) {
  const Streak& streak = count_violation(user, verdict.at);
  if (losers.empty()) {
    add_clause(verdict.why, "nobody is to lose a place");
    return tell(std::move(verdict), user);
  }
  if (streak.count < policy_.confirm) {
    add_clause(verdict.why, fmt::format("violation {} of {}", streak.count, policy_.confirm));
    for (const Index place : losers) {
      if (evidence_.expect) evidence_.expect(target_of(place));
    }
    return tell(std::move(verdict), user);
  }
  for (const Index place : losers) {
    const ip::Prefix target = target_of(place);
    if (history_.in_cooldown(target, verdict.at)) {
      add_clause(verdict.why, ip::to_string(target) + " was banned less than the cooldown ago");
    } else if (!proven(place) || !holds_socket(place)) {
      add_clause(verdict.why, "spared: " + ip::to_string(target) + " holds no connection here now");
      if (verdict.targets.empty()) verdict.action = Action::spared;
      ++unverified_;
    } else {
      verdict.targets.push_back(make_target(place, verdict.at));
      verdict.action = Action::ban;
      note_ban(target);
      table_.remove_place(place);
    }
  }
  if (policy_.dry_run && verdict.action == Action::ban) {
    verdict.action = Action::report;
    verdict.targets.clear();
    add_clause(verdict.why, "dry run");
  }
  tell(std::move(verdict), user);
}

// What is not acted on is told once a window, as long as it stays the same.
void Detector::tell(Verdict verdict, Index user) {
  if (verdict.action != Action::ban) {
    Streak& streak = streaks_[user];
    const std::size_t what = std::hash<std::string>{}(verdict.why);
    const bool fresh = verdict.at < streak.told_at + policy_.window && !is_ahead(streak.told_at, verdict.at);
    if (streak.told == what && fresh) return;
    streak.told = what;
    streak.told_at = verdict.at;
  }
  verdicts_.push_back(std::move(verdict));
}

}  // namespace xlimit::session
