// SPDX-License-Identifier: MIT
// The detector's memory as lines: one for a user and one for each of his places behind it, one for a banned
// target, a gateway, a count of hosts.
#include <fmt/format.h>

#include "event/writer.h"
#include "session/detector.h"
#include "session/restorer.h"

namespace xlimit::session {
namespace {

using Write = Detector::Write;

std::string hex(const Seen& seen) {
  std::string text;
  text.reserve(seen.size() / 4);
  for (std::size_t bit = 0; bit < seen.size(); bit += 4)
    text += "0123456789abcdef"[seen[bit] | seen[bit + 1] << 1 | seen[bit + 2] << 2 | seen[bit + 3] << 3];
  return text;
}

std::string_view encode_banned(const History::Table::Entry& entry, event::Line& line) {
  event::Writer writer{line, "banned", entry.value.at};
  writer.prefix(",\"target\":", entry.key);
  writer.number(",\"seconds\":", entry.value.duration.count());
  writer.number(",\"use\":", entry.number);
  return writer.finish();
}

std::string_view encode_shared(const Gateways::Entry& entry, event::Line& line) {
  event::Writer writer{line, "shared", entry.value};
  writer.prefix(",\"target\":", entry.key);
  writer.number(",\"use\":", entry.number);
  return writer.finish();
}

// With all hosts, or with the one that was added last.
std::string_view encode_burst(const Bursts::Table::Entry& entry, std::optional<std::size_t> bit,
                              event::Line& line) {
  event::Writer writer{line, "burst", entry.value.since};
  writer.number(",\"place\":", entry.key);
  writer.number(",\"use\":", entry.number);
  writer.number(",\"hosts\":", entry.value.hosts);
  if (bit)
    writer.number(",\"bit\":", *bit);
  else
    writer.text(",\"seen\":", hex(entry.value.seen), kSeenDigits);
  return writer.finish();
}

template <class Table, class Key>
std::vector<Key> keys_of(const Table& table) {
  std::vector<Key> keys;
  keys.reserve(table.entries().size());
  for (const auto& entry : table.entries()) keys.push_back(entry.key);
  return keys;
}

}  // namespace

void Detector::save_user(Index user, const Write& write) const {
  event::Line line;
  event::Writer writer{line, "user", table_.times(user).newest};
  writer.time(",\"stamp\":", table_.times(user).stamp);
  writer.text(",\"user\":", table_.name(user), event::kMaxUser);
  writer.number(",\"use\":", table_.seen(user));
  if (const auto found = streaks_.find(user); found != streaks_.end()) {
    const Streak& streak = found->second;
    writer.number(",\"count\":", streak.count);
    writer.time(",\"last\":", streak.last);
    writer.time(",\"told_at\":", streak.told_at);
    writer.number(",\"told\":", streak.told);
  }
  write(writer.finish());
  for (const Index index : places_of(user)) {
    const Place& place = table_.place(index);
    event::Writer at{line, "place", place.last};
    at.address(",\"ip\":", place.address);
    if (!place.address.is_v4()) at.number(",\"bits\":", policy_.group6);
    at.time(",\"first\":", place.first);
    at.number(",\"confirmed\":", place.confirmed ? 1 : 0);
    if (place.exempt) at.number(",\"exempt\":", 1);
    if (place.gateway) at.number(",\"gateway\":", 1);
    if (const auto last_seen = place.trail.address(target_of(index))) at.address(",\"address\":", *last_seen);
    at.ports(place.trail.ports(place.address.is_v4()));
    write(at.finish());
  }
}

void Detector::save_end(bool whole, const Write& write) const {
  event::Line line;
  event::Writer writer{line, "end", watermark_.lines() > 0 ? watermark_.last() : Time{}};
  writer.number(",\"lines\":", watermark_.lines());
  writer.times(",\"times\":", watermark_.times());
  if (evicted_ > 0) writer.number(",\"evicted\":", evicted_);
  if (mark_.size > 0) {
    writer.number(",\"input\":", mark_.size);
    writer.number(",\"hash\":", mark_.hash);
  }
  if (whole) writer.number(",\"whole\":", 1);
  write(writer.finish());
}

void Detector::watch_changes() {
  watched_ = true;
  table_.watch_changes();
}

void Detector::save_changes(const Write& write) {
  if (changes() == 0 && evicted_ == saved_evicted_ && mark_ == saved_mark_) return;
  saved_evicted_ = evicted_;
  saved_mark_ = mark_;
  // First who is gone: he may be back.
  if (noted_ > 0) write(changes_);
  changes_.clear();
  noted_ = 0;
  for (const Index user : table_.take_changed()) save_user(user, write);
  save_end(false, write);
}

void Detector::note(std::string_view line) {
  changes_ += line;
  ++noted_;
}

void Detector::note_gone(Index user) {
  if (!watched_) return;
  event::Line line;
  event::Writer writer{line, "gone", table_.times(user).newest};
  writer.text(",\"user\":", table_.name(user), event::kMaxUser);
  note(writer.finish());
}

void Detector::note_ban(const ip::Prefix& target) {
  event::Line line;
  if (watched_) note(encode_banned(*history_.table().entry(target), line));
}

void Detector::note_shared(const ip::Prefix& target) {
  event::Line line;
  if (watched_) note(encode_shared(*shared_told_.entry(target), line));
}

// One more host, unless it was the last: then the count starts over.
void Detector::note_burst(std::uint64_t place, std::string_view host) {
  if (!watched_) return;
  const Bursts::Table::Entry* entry = bursts_.table().entry(place);
  if (entry == nullptr) return note_burst_gone(place);
  event::Line line;
  note(encode_burst(*entry, Bursts::bit_of(host), line));
}

// No hosts are left, so the bit says nothing; it is shorter than all of none.
void Detector::note_burst_gone(std::uint64_t place) {
  if (!watched_) return;
  event::Line line;
  note(encode_burst({.key = place, .number = 0, .value = {}}, 0, line));
}

Detector::Saving::Saving(const Detector& detector)
    : banned(keys_of<History::Table, ip::Prefix>(detector.history_.table())),
      shared(keys_of<Gateways, ip::Prefix>(detector.shared_told_)),
      bursts(keys_of<Bursts::Table, std::uint64_t>(detector.bursts_.table())) {}

bool Detector::save_some(Saving& saving, std::size_t bytes, const Write& write) const {
  std::size_t written = 0;
  event::Line line;
  const Write counted = [&](std::string_view text) {
    written += text.size();
    write(text);
  };
  for (; saving.user < table_.end() && written < bytes; ++saving.user) {
    if (table_.exists(saving.user)) save_user(saving.user, counted);
  }
  // What is gone in the meantime need not be saved; what came or changed is among the changes.
  for (; !saving.banned.empty() && written < bytes; saving.banned.pop_back()) {
    if (const auto* entry = history_.table().entry(saving.banned.back()))
      counted(encode_banned(*entry, line));
  }
  for (; !saving.shared.empty() && written < bytes; saving.shared.pop_back()) {
    if (const auto* entry = shared_told_.entry(saving.shared.back())) counted(encode_shared(*entry, line));
  }
  for (; !saving.bursts.empty() && written < bytes; saving.bursts.pop_back()) {
    if (const auto* entry = bursts_.table().entry(saving.bursts.back()))
      counted(encode_burst(*entry, {}, line));
  }
  const bool whole =
      saving.user >= table_.end() && saving.banned.empty() && saving.shared.empty() && saving.bursts.empty();
  save_end(whole, write);
  return whole;
}

void Detector::save(const Write& write) const {
  Saving saving{*this};
  save_some(saving, SIZE_MAX, write);
}

base::Result<void> Detector::restore(std::string_view text) {
  Restorer restorer{*this};
  for (std::size_t size; (size = text.find('\n')) != std::string_view::npos; text.remove_prefix(size + 1)) {
    if (base::Result<void> taken = restorer.take(text.substr(0, size)); !taken) return taken;
  }
  return restorer.finish();
}

}  // namespace xlimit::session
