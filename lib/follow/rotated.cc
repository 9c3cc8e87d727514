// SPDX-License-Identifier: MIT
// What rotation left beside the log: new or known, a generation or a copy of one.
#include <algorithm>

#include "follow/follower.h"
#include "follow/unpack.h"

namespace xlimit::follow {

bool is_recent(std::int64_t written) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return now - std::chrono::nanoseconds{written} < Follower::kQuiet;
}

// May it be a gzip file that can be unpacked later, because its end is still to come or there will be room?
bool Follower::is_pending(const Sibling& packed) {
  if (unpacker_.is_foiled(packed)) return true;
  return is_gzip(packed.path) && is_recent(packed.facts.written) && unpacker_.is_unreadable(packed);
}

// As it is now; one that cannot be read, or would have to be unpacked, by its inode alone.
void Follower::remember(const Sibling& sibling) {
  base::Result<LogFile> file = LogFile::open(sibling.path);
  if (!sibling.compressed && file && file->identity().same_inode(sibling.facts.file)) {
    file->seek(file->size());
    return known_.add(*file, false);
  }
  known_.add({sibling.facts.file, {.end = sibling.facts.size}, sibling.facts.written, false});
}

// Did a file that we know or hold become this one? Compressing keeps the time of the last write, some
// programs to the second, in which another one may have been written to.
bool Follower::is_packed_known(const Sibling& sibling) {
  const bool told = is_gzip(sibling.path);  // how long it is, and what it begins with
  const std::optional<std::uint32_t> size = told ? unpacked_size(sibling) : std::nullopt;
  const auto same = [&](const Identity& file, std::int64_t written, std::uint64_t end) {
    if (written != sibling.facts.written) return false;
    return !told || (size == static_cast<std::uint32_t>(end) && may_hold(sibling.path, file));
  };
  const auto is_held_so = [&](Held& held) {
    held.file.look();
    return same(held.file.identity(), held.file.written(), held.file.size());
  };
  return std::any_of(files_.begin(), files_.end(), is_held_so) ||
         std::any_of(known_.files().begin(), known_.files().end(),
                     [&](const Done& done) { return same(done.file, done.written, done.mark.end); });
}

// Compressed in a way that is not undone here; that keeps the time of the last write, too.
bool Follower::was_read_and_packed(const Place& place, const std::vector<Sibling>& siblings) {
  const bool packed =
      place.unread() == 0 && std::any_of(siblings.begin(), siblings.end(), [&](const Sibling& one) {
        return one.compressed && one.facts.written <= place.written && !is_too_old(one, place.written) &&
               !is_packed_known(one);
      });
  if (packed) known_.add({place.file, place.mark, place.written, true});
  return packed;
}

bool Follower::was_read(const LogFile& file) const {
  const Done* done = known_.find(file);
  return done != nullptr && done->read;
}

// Does it begin like that file, and end before what was read of it? What was known of it may have been half
// of it, as when it was just being made.
bool Follower::is_short(const LogFile& copy, const LogFile::Cut& cut) const {
  const bool begins_so = cut.head.empty() ? cut.before.head_length > 0 && copy.holds(cut.before, {})
                                          : copy.begins_like(cut.head);
  const Done* known = known_.find(copy);
  const bool all_known = known != nullptr && known->mark.end >= copy.size();
  return begins_so && copy.size() > 0 && copy.size() < cut.mark.end && !all_known;
}

// A copy of a file that was cut short, and of which no other holds all that was read: nothing new. What was
// copied first was cut off first, so it is the oldest, and what is a part of that or the other way round;
// another that begins the same came later, and nobody read it.
void Follower::remember_short(const LogFile::Cut& cut) {
  std::optional<LogFile> first;
  bool moved = true;
  for (int tries = 0; moved && tries < kTries; ++tries) {
    moved = false;
    for (const Sibling& sibling : find_siblings(names_)) {
      const Identity& file = sibling.facts.file;
      if (file.same_inode(cut.before) || find(file) != files_.end()) continue;
      if (known_.has(sibling) || is_too_old(sibling, cut.written)) continue;
      base::Result<LogFile> copy = unpacker_.open(sibling);
      moved = moved || (!copy && copy.error().code == base::Exit::kUnavailable);
      if (!copy || !is_short(*copy, cut)) continue;
      if (first && !first->is_copied_by(*copy) && !copy->is_copied_by(*first)) continue;
      copy->seek(copy->size());
      known_.add(*copy, true);
      if (!first) first = std::move(*copy);
    }
  }
}

// Did it stand under the path before what does so now? A copy that is just being made is younger than its log
// or written over one that is known; and what it is unpacked from is still there.
bool Follower::was_log(const Sibling& sibling) const {
  const Identity& file = sibling.facts.file;
  const base::Result<Facts> log = look_at(path_);
  const bool older = log && file.birth != 0 && file.birth < log->file.birth;
  return older && known_.find(file) == nullptr && !is_packed_beside(sibling.path);
}

// May it be a copy that is just being made of a file that we know? Not when that is there and goes on
// otherwise; nor when it could be unpacked, because a gzip file that is just being made has no end.
bool Follower::is_copy_begun(const LogFile& file) const {
  if (file.is_unpacked() || !is_recent(file.written())) return false;
  const auto begins_so = [&](const Done& done) {
    return file.size() < done.mark.end && done.file.head_length > 0 && file.holds(done.file, {});
  };
  const auto first = std::find_if(known_.files().begin(), known_.files().end(), begins_so);
  if (first == known_.files().end()) return false;
  const std::vector<Sibling> siblings = find_siblings(names_);
  const auto is_other = [&](const Done& done, const Sibling& one) {
    if (one.compressed || !one.facts.file.same_inode(done.file)) return false;
    const base::Result<LogFile> there = open_sibling(names_, one);
    return there && there->holds(done.file, done.mark) && !there->is_copied_by(file);
  };
  return std::any_of(first, known_.files().end(), [&](const Done& done) {
    return begins_so(done) && std::none_of(siblings.begin(), siblings.end(),
                                           [&](const Sibling& one) { return is_other(done, one); });
  });
}

// Files that came and were rotated away between two looks; `leaving`: they are copies, and the next rotation
// may write over them. One that cannot be opened now is tried again at the next look; one that is another
// now, as when it was compressed meanwhile, at once, because what it holds must be known to tell what is
// missing.
void Follower::open_missed(Files::iterator before, bool leaving) {
  std::vector<Sibling> siblings = find_siblings(names_);
  for (int tries = 0; tries < kTries; ++tries) {
    std::vector<Sibling> gone;
    if (!open_listed(before, siblings, leaving, gone)) return;
    const std::vector<Sibling> earlier = std::exchange(siblings, find_siblings(names_));
    // Among all that are not there any more, because one that was opened in time may be compressed as well.
    for (const Sibling& one : find_deleted(earlier, siblings)) {
      if (std::find(gone.begin(), gone.end(), one) != gone.end()) sink_.gap(Gap::lost, one.facts.size);
    }
  }
}

// Whether some have moved since they were listed; `gone` are then those that were compressed or deleted.
// Those behind one for which there is no room wait for it, but not copies, which do not stay.
bool Follower::open_listed(Files::iterator before, const std::vector<Sibling>& siblings, bool leaving,
                           std::vector<Sibling>& gone) {
  known_.forget_gone(siblings, kMaxDone);
  take_awaited(before, siblings);
  missed_ = !awaited_.empty();
  bool moved = false;
  for (const Sibling& sibling : siblings) {
    const bool known = find(sibling.facts.file) != files_.end() || known_.has(sibling);
    if (known || open_rotated(before, sibling, leaving, gone)) continue;
    missed_ = true;
    const base::Result<Facts> there = look_at(sibling.path);
    moved = moved || !there || !there->file.same_inode(sibling.facts.file);
    if (unpacker_.is_foiled(sibling) && !leaving) break;
  }
  return moved;
}

// Whether that is settled: opened, told as lost, known, or a copy of a file we hold. An empty one may be a
// copy that has just been begun; and half a line may be one that begins like all of them.
bool Follower::open_rotated(Files::iterator before, const Sibling& sibling, bool leaving,
                            std::vector<Sibling>& gone) {
  if (files_.size() > kMaxOpen) {
    waiting_ = true;
    return false;
  }
  const bool taken = is_taken && is_taken(sibling.facts.file);
  if (taken || (sibling.compressed && is_packed_known(sibling))) {
    remember(sibling);
    return true;
  }
  base::Result<LogFile> file = unpacker_.open(sibling);
  if (!file && file.error().code == base::Exit::kUnavailable) {
    if (sibling.compressed) sink_.gap(Gap::lost, 0);
    if (!sibling.compressed) gone.push_back(sibling);
    return sibling.compressed;
  }
  if (!file) return give_up_unreadable(sibling, file.error());
  if (file->size() == 0 && is_recent(file->written())) return false;
  const Done* done = known_.find(*file);
  if ((done == nullptr || done->mark.length == 0) && !was_log(sibling) && is_copy_begun(*file)) {
    warn("'" + sibling.path + "' may be a copy that is just being made, skipped for now");
    return false;
  }
  const bool read = done != nullptr && done->read;
  file->seek(std::max(done != nullptr ? done->mark.end : 0, find_read ? find_read(*file) : 0));
  const bool copy = is_copy(*file);
  if (copy && files_.back().file.was_cut()) return false;  // of what it holds now, or held before?
  if (copy && file->is_half_a_line() && is_recent(file->written())) return false;
  const bool nothing_new = copy || file->is_drained();
  if (!nothing_new) {
    if (!leaving && is_made_by_copying(sibling, done == nullptr)) sink_.gap(Gap::truncated, 0);
    add(before, std::move(*file), leaving || sibling.compressed)->fresh = true;
    return true;
  }
  file->seek(file->size());
  known_.add(*file, read);
  return true;
}

// A new file that is younger than its log, or was written over a known one, is a copy: the log was cut short,
// also when nothing of it was known that would show it. What came between copy and cut is missing. While
// there is no log, the last that is held is an older generation.
bool Follower::is_made_by_copying(const Sibling& sibling, bool new_content) const {
  if (files_.empty() || files_.back().file.was_cut() || sibling.compressed) return false;
  const Identity& log = files_.back().file.identity();
  if (const base::Result<Facts> there = look_at(path_); !there || !there->file.same_inode(log)) return false;
  const bool younger = log.birth != 0 && sibling.facts.file.birth > log.birth;
  return younger || (new_content && known_.find(sibling.facts.file) != nullptr);
}

// Whether that is settled: one that will never be readable is a gap of unknown size. One of gzip's may still
// be written; but a reader that does not follow looks only once, so that is told, too.
bool Follower::give_up_unreadable(const Sibling& sibling, const base::Error& error) {
  const bool broken = error.code == base::Exit::kData;
  const bool written = broken && is_gzip(sibling.path) && is_recent(sibling.facts.written);
  warn(error.text + (broken && !written ? ", skipped" : ", skipped for now"));
  if (!broken || written) return false;
  sink_.gap(Gap::lost, 0);
  remember(sibling);
  return true;
}

// Only the last is cut short in place, and so holds something else than was read of it; or was so before it
// was renamed.
bool Follower::is_copy(const LogFile& file) {
  if (!files_.empty())
    files_.back().file.look();  // by its head it finds this copy again when it is cut short
  return std::any_of(files_.begin(), files_.end(), [&](const Held& held) {
    const bool may_be = &held == &files_.back() || held.file.was_cut() || held.file.looks_copied_by(file);
    return may_be && held.file.is_copied_by(file);
  });
}

// Those that were asked for by name are read like the log, and held as long as they have that name.
base::Result<void> Follower::hold_named(From from, const LogFile* log) {
  const Files::iterator before = files_.begin();
  for (const Sibling& sibling : find_siblings(names_)) {
    const bool left = sibling.facts.size == 0 || (sibling.compressed && from == From::end);
    if (left || holds(sibling.facts.file) || !is_named(sibling.facts.file)) continue;
    if (is_taken && is_taken(sibling.facts.file)) continue;  // another follower's, before there was this log
    base::Result<LogFile> file = open_sibling(names_, sibling);
    if (!file) return base::failed(file);
    if (log != nullptr ? log->is_copied_by(*file) : is_copy(*file)) continue;
    if (const Done* done = known_.find(*file)) file->seek(done->mark.end);
    if (from == From::end) file->seek_end();
    add(before, std::move(*file), sibling.compressed);
  }
  return {};
}

// Not one that is made as a copy of the log again and again; an empty one may be a copy that has just been
// begun.
void Follower::hold_late_writer(const LogFile* log) {
  const std::vector<Sibling> siblings = find_siblings(names_);
  if (siblings.empty() || siblings.back().compressed || !is_recent(siblings.back().facts.written)) return;
  if (holds(siblings.back().facts.file)) return;
  base::Result<LogFile> file = open_sibling(names_, siblings.back());
  if (!file || file->size() == 0 || (log != nullptr && log->is_copied_by(*file))) return;
  file->seek_end();
  add(std::move(*file));
}

}  // namespace xlimit::follow
