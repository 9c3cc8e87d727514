// SPDX-License-Identifier: MIT
// What a store of bans does when it knows no better, and the sum of changes.
#include "sets/backend.h"

#include <unordered_set>

namespace xlimit::sets {

Change& Change::operator+=(const Change& other) {
  added += other.added;
  removed += other.removed;
  unchanged += other.unchanged;
  return *this;
}

base::Result<bool> BanStore::look_up(SetKey key, std::span<const ip::Prefix> targets,
                                     const std::function<void(const Entry&)>& on_entry) {
  const std::unordered_set<ip::Prefix> wanted{targets.begin(), targets.end()};
  return list(key, [&](const Entry& entry) {
    if (wanted.contains(entry.target)) on_entry(entry);
  });
}

}  // namespace xlimit::sets
