// SPDX-License-Identifier: MIT
// What a store of bans does when it knows no better.
#include "sets/backend.h"

#include <unordered_set>

namespace xlimit::sets {

base::Result<bool> BanStore::look_up(SetKey key, std::span<const ip::Prefix> targets,
                                     const std::function<void(const Entry&)>& on_entry) {
  const std::unordered_set<ip::Prefix> wanted{targets.begin(), targets.end()};
  return list(key, [&](const Entry& entry) {
    if (wanted.contains(entry.target)) on_entry(entry);
  });
}

}  // namespace xlimit::sets
