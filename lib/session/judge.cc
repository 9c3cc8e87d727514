// SPDX-License-Identifier: MIT
// From the state to a verdict: which rule is broken, by whom, and who does not count. act.cc has what
// follows.
#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"
#include "session/detector.h"

namespace xlimit::session {
namespace {

// What is counted through a group's gateways is counted apart from the rest of the group.
constexpr std::uint64_t kAtGateway = 0x9e3779b97f4a7c15;

}  // namespace

Verdict Detector::make_verdict(Index user, Time now, std::string_view rule,
                               std::span<const Index> places) const {
  Verdict verdict;
  verdict.now = now;
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
  shared_told_.trim([](const auto&) {});
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
  if (std::find(tags.begin(), tags.end(), access.outbound) != tags.end())
    return fmt::format("{} was routed to '{}'", ip::to_string(target_of(place)), access.outbound);
  const TorrentRate& rate = policy_.torrent_rate;
  if (rate.hosts == 0 || !is_peer(access.host, access.dport.value_or(0))) return {};
  // By name, not by number: a state file must mean the same in another process.
  const std::uint64_t key = group_of(table_.place(place).address).hash() ^
                            std::hash<std::string_view>{}(table_.name(table_.user_of(place))) ^
                            (table_.place(place).gateway ? kAtGateway : 0);
  const bool torrent = bursts_.add(key, access.host, now);
  evicted_ += bursts_.take_dropped();
  if (const auto gone = bursts_.gone()) note_burst_gone(*gone);
  note_burst(key, access.host);
  if (!torrent) return {};
  return fmt::format("{} opened connections to more than {} hosts by address inside {}", name_of(place),
                     rate.hosts, base::format_duration(rate.within));
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
  std::ranges::reverse(places);
  std::ranges::stable_sort(places, {}, [this](Index place) { return table_.place(place).first; });
  return places;
}

std::string Detector::describe(const std::vector<Index>& places, const Breach& breach) const {
  const std::string newcomer = name_of(places[breach.newcomers.back()]);
  const std::string witness = name_of(places[breach.witness]);
  if (policy_.rule == Rule::strict)
    return fmt::format("{} joined while {} was active (strict)", newcomer, witness);
  if (breach.by_grace)
    return fmt::format("{} was still active {} after {} had joined (overlap)", witness,
                       base::format_duration(policy_.grace), newcomer);
  return fmt::format("{} was seen again after {} had joined (overlap)", witness, newcomer);
}

// The user's limit when he holds more places that may count, else 0.
std::uint32_t Detector::exceeded_limit(Index user) {
  std::uint32_t held = 0;
  for (Index place = table_.places(user); place != kNone; place = table_.place(place).next_of_user)
    held += table_.place(place).exempt ? 0 : 1;
  if (held < 2) return 0;  // breaks no limit, so nobody needs to look it up
  const std::uint32_t limit = limit_of(user);
  return held > limit ? limit : 0;
}

// Leaves those places out for which `is_out` holds, and says which. True when there are any.
bool Detector::leave_out(Hearing& hearing, std::string_view because,
                         const std::function<bool(Index)>& is_out) const {
  std::string names;
  std::erase_if(hearing.places, [&](Index place) {
    if (!is_out(place)) return false;
    names += names.empty() ? because : ", ";
    names += ip::to_string(target_of(place));
    return true;
  });
  if (!names.empty()) add_clause(hearing.out, names);
  return !names.empty();
}

void Detector::apply_rule(Hearing& hearing) const {
  std::vector<Activity> times;
  times.reserve(hearing.places.size());
  for (const Index place : hearing.places)
    times.push_back({table_.place(place).first, table_.place(place).last});
  hearing.breach = find_breach(times, hearing.limit, policy_.rule, policy_.grace, hearing.now);
  if (hearing.breach) hearing.why = describe(hearing.places, *hearing.breach);
}

// Is this a gateway in the group of another of these places, which come oldest first? If it counted it would
// be that place, and break no rule. Of a group that has nothing but gateways the oldest stays.
bool Detector::is_beside(Index gateway, const std::vector<Index>& places) const {
  if (!table_.place(gateway).gateway) return false;
  const Origin origin = find_origin(table_.place(gateway).address);
  bool older = true;
  return std::ranges::any_of(places, [&](Index other) {
    older = older && other != gateway;
    return (older || !table_.place(other).gateway) && is_of_group(table_.place(other), origin);
  });
}

// Who does not count may be what broke the rule, so it is applied again to the rest.
void Detector::leave_out_spared(Hearing& hearing) {
  if (leave_out(hearing,
                "not counted, a gateway: ", [&](Index place) { return is_gateway(place, hearing.now); }))
    apply_rule(hearing);
  if (!hearing.breach) return;
  const std::size_t counted = hearing.places.size();
  if (leave_out(hearing, "not counted, the logged port is no connection here: ", [&](Index place) {
        return !proven(place);
      }))
    apply_rule(hearing);
  unverified_ += counted - hearing.places.size();
}

void Detector::judge_addresses(Index user, Time now) {
  const std::uint32_t limit = exceeded_limit(user);
  if (limit == 0) return;
  const std::vector<Index> seen = places_of(user);
  Hearing hearing{.now = now, .limit = limit, .places = seen};
  leave_out(hearing, "not counted, exempt: ", [&](Index place) { return table_.place(place).exempt; });
  std::vector<Index> candidates = hearing.places;
  std::erase_if(hearing.places, [&](Index place) { return is_beside(place, candidates); });
  apply_rule(hearing);
  if (!hearing.breach) return expect_losers(hearing.places, limit, now);
  Verdict verdict = make_verdict(user, now, "addresses", seen);
  hearing.places = std::move(candidates);  // each is to be named with its reason
  leave_out_spared(hearing);
  verdict.limit = limit;
  verdict.why = std::move(hearing.why);
  if (!hearing.out.empty()) add_clause(verdict.why, hearing.out);
  if (!hearing.breach) {
    verdict.action = Action::spared;
    return tell(std::move(verdict), user);
  }
  verdict.counted = hearing.places.size();
  act(std::move(verdict), user, losers(hearing.places, *hearing.breach));
}

}  // namespace xlimit::session
