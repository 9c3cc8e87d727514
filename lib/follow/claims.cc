// SPDX-License-Identifier: MIT
// Which log a file belongs to that was renamed to the name of another.
#include <algorithm>

#include "follow/tail.h"

namespace xlimit::follow {

// Files that an earlier run read as one log and that stand under the name of another by now, or were rotated
// from there: the log that they were read as goes on with them.
void Tail::claim() {
  if (!options_.state) return;
  for (const std::string& path : asked_) claim(path);
  for (const Sibling& sibling : find_siblings(asked_)) {
    if (!sibling.compressed) claim(sibling.path);
  }
}

void Tail::claim(const std::string& path) {
  const base::Result<Facts> there = look_at(path);
  if (!there) return;
  const auto is_there = [&](const Place& place) { return place.file.same_inode(there->file); };
  const LogState* own = options_.state->find(path);
  if (own != nullptr && std::any_of(own->open.begin(), own->open.end(), is_there)) return;
  for (LogState& log : options_.state->logs) {
    for (Place& place : log.open) {
      if (!is_there(place) || !is_asked(log.log) || is_rotated_path(log.log, path)) continue;
      const base::Result<LogFile> file = LogFile::open(path);
      if (!file || !is_there(file->place()) || !file->holds(place.file, place.mark)) continue;
      place.path = path;
      claimed_.push_back({place.file, log.log});
    }
  }
}

// Whether another one reads this file, or will as soon as it goes on where an earlier run was.
bool Tail::is_taken(const std::string& log, const Identity& file) const {
  const auto is_held = [&](const auto& other) { return other->path() != log && other->holds(file); };
  const auto is_claimed = [&](const Claim& claim) { return claim.log != log && claim.file.same_inode(file); };
  return std::any_of(logs_.begin(), logs_.end(), is_held) ||
         std::any_of(claimed_.begin(), claimed_.end(), is_claimed);
}

// How much was read of it by a log that holds it no more.
std::uint64_t Tail::find_read(const LogFile& file) const {
  std::uint64_t end = 0;
  for (const auto& log : logs_) end = std::max(end, log->find_end(file));
  if (!options_.state) return end;
  for (const LogState& log : options_.state->logs) {
    const std::uint64_t read = follow::find_read(log.done, file);
    if (read > end && is_asked(log.log)) end = read;
  }
  return end;
}

bool Tail::is_asked(const std::string& path) const {
  return std::find(asked_.begin(), asked_.end(), path) != asked_.end();
}

}  // namespace xlimit::follow
