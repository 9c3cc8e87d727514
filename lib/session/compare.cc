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

void Comparison::count(const std::vector<Verdict>& verdicts, std::uint64_t Tally::*side, Total& total) {
  for (const Verdict& verdict : verdicts) {
    ++total.violations;
    count(verdict, {}, side);
    total.bans += verdict.targets.size();
    for (const Target& target : verdict.targets) count(verdict, target.prefix, side);
  }
}

void Comparison::count(const Verdict& verdict, std::optional<ip::Prefix> target, std::uint64_t Tally::*side) {
  const Key key{verdict.user, verdict.rule, target};
  if (tallies_.size() >= kMost && !tallies_.contains(key)) return;
  Tally& tally = tallies_[key];
  if (tally.one == 0 && tally.other == 0) {
    tally.first = verdict.at;
    tally.why = verdict.why;
  }
  ++(tally.*side);
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
    event::Writer writer{line, "difference", entry->second.first};
    writer.text(",\"node\":", node, 253);
    writer.text(",\"rule\":", entry->first.rule, 64);
    writer.text(",\"user\":", entry->first.user, event::kMaxUser);
    const bool ban = entry->first.target.has_value();
    if (ban) writer.prefix(",\"target\":", *entry->first.target);
    writer.number(ban ? ",\"bans\":" : ",\"violations\":", entry->second.one);
    writer.number(ban ? ",\"other_bans\":" : ",\"other_violations\":", entry->second.other);
    writer.text(",\"why\":", entry->second.why, 1000);
    write(writer.finish());
  }
}

std::string Comparison::sum(std::string_view name) const {
  std::map<ip::Prefix, Tally> targets;  // whoever's
  for (const auto& [key, tally] : tallies_) {
    if (!key.target) continue;
    targets[*key.target].one += tally.one;
    targets[*key.target].other += tally.other;
  }
  std::size_t one = 0, other = 0, only_one = 0, only_other = 0;
  for (const auto& [target, tally] : targets) {
    one += tally.one > 0;
    other += tally.other > 0;
    only_one += tally.other == 0;
    only_other += tally.one == 0;
  }
  return fmt::format(
      "{} violations and {} bans of {} targets here, {} and {} of {} by '{}'; {} targets only here, {} only "
      "there",
      one_total_.violations, one_total_.bans, one, other_total_.violations, other_total_.bans, other, name,
      only_one, only_other);
}

}  // namespace xlimit::session
