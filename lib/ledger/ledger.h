// SPDX-License-Identifier: MIT
// What is known of bans besides what the kernel holds: until when, by whose order and why. Pure.
//
//   ledger::Ledger ledger;
//   ledger.take(line, now);                     // each line of a journal, in order
//   if (const auto* entry = ledger.find({target, direction}, now)) {
//     entry->left(now);                         // 0s: permanent
//     ledger.read(*entry).ban.reason;           // a view, until the next read()
//   }
//
// A journal is lines of `banned` events, whose time is when the kernel confirmed the ban, and of `unbanned`
// ones. A later ban that lasts longer takes the place of an earlier one, a shorter never does. Lines that are
// no events are counted and skipped, so a journal torn by a crash costs its last line.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/decode.h"

namespace xlimit::ledger {

using base::Time;

struct Key {
  ip::Prefix target;
  event::Direction direction = event::Direction::in;

  bool operator==(const Key&) const = default;
};

struct Entry {
  Time at;                          // when the kernel confirmed it
  std::chrono::seconds duration{};  // 0: permanent
  std::string line;                 // the event, without its newline

  bool is_permanent() const { return duration.count() == 0; }
  Time until() const { return is_permanent() ? Time::max() : at + duration; }
  // What is left at `now`, in microseconds; absent when it has ended, 0 when it is permanent. A clock that
  // was set back does not make a ban longer than it ever was.
  std::optional<std::chrono::microseconds> left(Time now) const;
};

class Ledger {
 public:
  // As many as the four sets of one installation hold.
  static constexpr std::size_t kMostBans = std::size_t{4} * 1048576;
  explicit Ledger(std::size_t most = kMostBans) : most_(most) {}

  // One line of a journal, without its newline and followed by event::kPadding readable bytes. What has ended
  // by `now` is not kept.
  void take(std::string_view line, Time now);
  // A line that could not be read whole.
  void count_broken() { ++broken_; }

  // A ban that is alive at `now`.
  const Entry* find(const Key& key, Time now) const;
  // The event that an entry stands for; its texts are valid until the next read().
  event::Banned read(const Entry& entry);
  void each(Time now, const std::function<void(const Key&, const Entry&)>& on_entry) const;
  // The targets of one direction and family that are banned for longer than `least` from `now` on.
  std::vector<ip::Prefix> lasting(event::Direction direction, bool v4, Time now,
                                  std::chrono::microseconds least) const;
  void clear() { entries_.clear(); }

  std::uint64_t broken() const { return broken_; }    // lines that were no events
  std::uint64_t dropped() const { return dropped_; }  // bans for which there was no room

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<ip::Prefix>{}(key.target) * 2 + (key.direction == event::Direction::out ? 1 : 0);
    }
  };
  void put(const event::Banned& banned, std::string_view line, Time now);
  bool has_room(Time now);

  std::size_t most_;
  std::unordered_map<Key, Entry, Hash> entries_;
  std::uint64_t broken_ = 0, dropped_ = 0;
  event::Decoder decoder_;
  std::string scratch_;
};

}  // namespace xlimit::ledger
