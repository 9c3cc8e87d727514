// SPDX-License-Identifier: MIT
// A log that was cut short in place: what a copy of it has, and what is missing.
#include <algorithm>

#include "follow/follower.h"

namespace xlimit::follow {
namespace {

// Of a log that was written to then for the last time that is known.
std::vector<Sibling> find_possible_copies(const Logs& logs, std::int64_t written) {
  std::vector<Sibling> siblings = find_siblings(logs);
  std::erase_if(siblings, [&](const Sibling& sibling) { return is_too_old(sibling, written); });
  return siblings;
}

}  // namespace

void Follower::on_rotated_cut(Files::iterator held) {
  const LogFile::Cut cut = held->file.take_cut();
  const bool written = !held->leaving;  // perhaps until it was cut short
  const bool anew = cut.to_start && take_anew(held);
  const std::uint64_t saved = cut.to_start ? add_copy(cut, anew ? std::prev(files_.end()) : held) : 0;
  if (written || cut.lost > saved) sink_.gap(Gap::truncated, cut.lost - std::min(cut.lost, saved));
  if (cut.to_start) open_missed(std::prev(files_.end()), false);
}

// What a file was written over with is judged like one that is found: by copytruncate it is a copy of the
// log. Not so when it has no name any more by which it could be found.
bool Follower::take_anew(Files::iterator held) {
  const std::vector<Sibling> siblings = find_siblings(names_);
  const bool named = std::any_of(siblings.begin(), siblings.end(), [&](const Sibling& one) {
    return one.facts.file.same_inode(held->file.identity());
  });
  if (!named) return false;
  if (on_close) on_close(held->file);
  files_.erase(held);
  return true;
}

// If the log was cut more than once between two looks, other new files hold what we never saw. Of all those
// the next rotation may write over them. It may be cut short again while they are looked for, and some of
// them hold what will be missing then.
void Follower::on_log_cut(const LogFile::Cut& cut) {
  std::uint64_t saved =
      std::exchange(spare_, 0) + (cut.to_start ? add_copy(cut, std::prev(files_.end())) : 0);
  if (cut.to_start) cut_off_ = CutOff{cut.offset + std::max(cut.lost, saved)};
  if (cut.to_start) open_missed(std::prev(files_.end()), true);
  count_copies();
  for (Held& held : files_) {
    if (cut.to_start && std::exchange(held.fresh, false)) saved += held.file.size();
  }
  const std::uint64_t found = std::min(cut.lost, saved);
  if (files_.back().file.was_cut()) spare_ = saved - found;
  sink_.gap(Gap::truncated, cut.lost - found);
}

// What stands in them was not cut off.
void Follower::count_copies() {
  for (const Held& held : files_) {
    if ((held.leaving || held.fresh) && cut_off_) cut_off_->end = std::max(cut_off_->end, held.file.size());
  }
}

// The newest file that holds what was read of the log. While one is gone that was there a moment ago, it is
// just being compressed. `candidates` are then the files among which it was looked for last.
std::optional<LogFile> Follower::find_copy(const LogFile::Cut& cut, std::vector<Sibling>& candidates) {
  bool moved = true;
  for (int tries = 0; moved && tries < kTries; ++tries) {
    moved = false;
    candidates = find_possible_copies(names_, cut.written);
    for (auto sibling = candidates.rbegin(); sibling != candidates.rend(); ++sibling) {
      base::Result<LogFile> copy = unpacker_.open(*sibling);
      moved = moved || (!copy && copy.error().code == base::Exit::kUnavailable);
      if (!copy) continue;
      if (copy->holds(cut.before, cut.mark)) return std::move(*copy);
    }
  }
  return {};
}

// Rotation by copytruncate leaves a copy that has what was cut off unread; it is put there. Returns how many
// bytes that is.
std::uint64_t Follower::add_copy(const LogFile::Cut& cut, Files::iterator before) {
  const bool known = cut.mark.length > 0 || cut.before.head_length > 0;
  std::vector<Sibling> candidates;
  std::optional<LogFile> copy = known ? find_copy(cut, candidates) : std::nullopt;
  if (known && !copy) remember_short(cut);
  if (!copy) {
    const Place place{.file = cut.before,
                      .offset = cut.offset,
                      .size = cut.offset + cut.lost,
                      .mark = cut.mark,
                      .written = cut.written,
                      .path = path_,
                      .leaving = true};
    return await(place, candidates) ? cut.lost : 0;
  }
  const std::uint64_t saved = copy->size() - cut.offset;
  copy->seek(cut.offset);
  const Files::iterator held = find_same(*copy);
  const auto is_fresh = [](const Held& one) { return one.fresh; };
  if (held != files_.end())
    held->fresh = false;
  else if (!was_read(*copy))
    add(std::find_if(files_.begin(), before, is_fresh), std::move(*copy), true);
  return saved;
}

// What a writer that does not append had written when its log was cut short is known by the hole. What is
// still awaited may have it; or a copy that was found since, because the log was cut short once more before
// anything of it was read.
void Follower::tell_hole(const LogFile& log) {
  if (!cut_off_ || (cut_off_->hole == 0 && !log.hole())) return;
  CutOff& cut = *cut_off_;
  if (cut.hole == 0) cut.hole = *log.hole();
  if (cut.hole > cut.end) open_missed(std::prev(files_.end()), false);
  count_copies();
  if (cut.hole > cut.end && !awaited_.empty()) return;
  if (cut.hole > cut.end) sink_.gap(Gap::truncated, cut.hole - cut.end);
  cut_off_.reset();
}

}  // namespace xlimit::follow
