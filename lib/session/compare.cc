// SPDX-License-Identifier: MIT
// Counts both sides' violations by user and rule, and their bans by target too.
#include "session/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "event/writer.h"

namespace xlimit::session {

void Comparison::hear(const event::Access& access) {
  count(one_.feed(access), &Tally::one, one_total_);
  count(other_.feed(access), &Tally::other, other_total_);
}

void Comparison::count(const std::vector<Verdict>& verdicts, Side Tally::*side, Total& total) {
  for (const Verdict& verdict : verdicts) {
    ++total.violations;
    bool room = count_one(verdict, {}, side) != nullptr;
    total.bans += verdict.targets.size();
    for (const Target& target : verdict.targets) {
      Side* const bans = count_one(verdict, target.prefix, side);
      room = room && bans != nullptr;
      if (bans != nullptr) bans->banned += target.duration;
    }
    left_out_ += room ? 0 : 1;
  }
}

// Null when there is no room to tell it apart.
Comparison::Side* Comparison::count_one(const Verdict& verdict, std::optional<ip::Prefix> target,
                                        Side Tally::*side) {
  const Key key{verdict.user, verdict.rule, target};
  if (tallies_.size() >= kMost && !tallies_.contains(key)) return nullptr;
  const auto [found, fresh] = tallies_.try_emplace(key);
  Tally& tally = found->second;
  if (fresh) {
    tally.first = verdict.at;
    tally.why = verdict.why;
  }
  ++(tally.*side).times;
  return &(tally.*side);
}

void Comparison::write(std::string_view node, const std::function<void(std::string_view)>& write) const {
  std::vector<decltype(tallies_)::const_iterator> differing;
  for (auto entry = tallies_.begin(); entry != tallies_.end(); ++entry) {
    if (entry->second.one != entry->second.other) differing.push_back(entry);
  }
  std::stable_sort(differing.begin(), differing.end(),
                   [](const auto& a, const auto& b) { return a->second.first < b->second.first; });
  event::Line line;
  for (const auto& entry : differing) {
    const auto& [one, other, first, why] = entry->second;
    event::Writer writer{line, "difference", first};
    writer.text(",\"node\":", node, 253);
    writer.text(",\"rule\":", entry->first.rule, 64);
    writer.text(",\"user\":", entry->first.user, event::kMaxUser);
    const bool ban = entry->first.target.has_value();
    if (ban) writer.prefix(",\"target\":", *entry->first.target);
    writer.number(ban ? ",\"bans\":" : ",\"violations\":", one.times);
    writer.number(ban ? ",\"other_bans\":" : ",\"other_violations\":", other.times);
    if (ban && one.times > 0) writer.number(",\"seconds\":", one.banned.count());
    if (ban && other.times > 0) writer.number(",\"other_seconds\":", other.banned.count());
    writer.text(",\"why\":", why, 1000);
    write(writer.finish());
  }
}

std::string Comparison::sum(std::string_view name) const {
  struct Banned {
    bool here = false, there = false;
  };
  std::map<ip::Prefix, Banned> targets;  // whoever's
  for (const auto& [key, tally] : tallies_) {
    if (!key.target) continue;
    targets[*key.target].here |= tally.one.times > 0;
    targets[*key.target].there |= tally.other.times > 0;
  }
  std::size_t one = 0, other = 0, both = 0;
  for (const auto& [target, banned] : targets) {
    one += banned.here;
    other += banned.there;
    both += banned.here && banned.there;
  }
  std::string text = fmt::format(
      "{} violations and {} bans of {} targets here, {} and {} of {} by '{}'; {} targets only here, {} only "
      "there",
      one_total_.violations, one_total_.bans, one, other_total_.violations, other_total_.bans, other, name,
      one - both, other - both);
  if (left_out_ > 0)
    text += fmt::format("; more than {} pairs of user and target: {} verdicts are in the totals only", kMost,
                        left_out_);
  return text;
}

}  // namespace xlimit::session
