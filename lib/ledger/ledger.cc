// SPDX-License-Identifier: MIT
// What is known of bans besides what the kernel holds.
#include "ledger/ledger.h"

#include <algorithm>

namespace xlimit::ledger {

std::optional<std::chrono::microseconds> Entry::left(Time now) const {
  if (is_permanent()) return std::chrono::microseconds{0};
  const auto passed = std::max(now, at) - at;
  if (passed >= duration) return {};
  return duration - passed;
}

void Ledger::take(std::string_view line, Time now) {
  if (line.empty()) return;
  const event::Event event = decoder_.decode(line);
  if (const auto* banned = std::get_if<event::Banned>(&event))
    put(*banned, line, now);
  else if (const auto* unbanned = std::get_if<event::Unbanned>(&event))
    entries_.erase({unbanned->unban.target, unbanned->unban.direction});
  else if (std::holds_alternative<event::Malformed>(event))
    ++broken_;
}

void Ledger::put(const event::Banned& banned, std::string_view line, Time now) {
  Entry entry{.at = banned.ban.at, .duration = banned.ban.duration, .line = {}};
  if (!entry.left(now)) return;
  const Key key{banned.ban.target, banned.ban.direction};
  const auto found = entries_.find(key);
  if (found != entries_.end() && found->second.left(now) && found->second.until() >= entry.until()) return;
  if (found == entries_.end() && !has_room(now)) {
    ++dropped_;
    return;
  }
  entry.line = line;
  entries_.insert_or_assign(key, std::move(entry));
}

bool Ledger::has_room(Time now) {
  if (entries_.size() < most_) return true;
  std::erase_if(entries_, [&](const auto& one) { return !one.second.left(now); });
  return entries_.size() < most_;
}

const Entry* Ledger::find(const Key& key, Time now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.left(now)) return nullptr;
  return &found->second;
}

event::Banned Ledger::read(const Entry& entry) {
  scratch_.assign(entry.line);
  scratch_.resize(entry.line.size() + event::kPadding);
  const event::Event event = decoder_.decode({scratch_.data(), entry.line.size()});
  const auto* banned = std::get_if<event::Banned>(&event);
  return banned != nullptr ? *banned : event::Banned{};
}

void Ledger::each(Time now, const std::function<void(const Key&, const Entry&)>& on_entry) const {
  for (const auto& [key, entry] : entries_) {
    if (entry.left(now)) on_entry(key, entry);
  }
}

std::vector<ip::Prefix> Ledger::lasting(event::Direction direction, bool v4, Time now,
                                        std::chrono::microseconds least) const {
  std::vector<ip::Prefix> targets;
  each(now, [&](const Key& key, const Entry& entry) {
    if (key.direction != direction || key.target.is_v4() != v4) return;
    if (entry.is_permanent() || *entry.left(now) > least) targets.push_back(key.target);
  });
  return targets;
}

}  // namespace xlimit::ledger
