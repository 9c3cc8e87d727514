// SPDX-License-Identifier: MIT
// Finding again what an earlier run was reading.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include "base/path.h"
#include "follow/follower.h"
#include "follow/unpack.h"

namespace xlimit::follow {
namespace {

// With nothing known of its content a file is known by its inode alone.
bool is_known_by_content(const Place& place) { return place.file.head_length > 0 || place.mark.length > 0; }

LogFile::Cut cut_of(const Place& place) {
  return {.before = place.file, .head = {}, .mark = place.mark, .written = place.written};
}

std::vector<Sibling> find_file(const std::string& path) {
  const base::Result<Facts> facts = look_at(path);
  if (!facts || !facts->regular) return {};
  return {{path, *facts, without_compression(path).size() != path.size()}};
}

// Is it as long as it was then, and was not written to since?
bool is_as_it_was(const Place& place, std::uint64_t size, std::int64_t written) {
  return place.size == size && place.written == written;
}
bool is_as_it_was(const Place& place, const Sibling& one) {
  if (!one.compressed) return is_as_it_was(place, one.facts.size, one.facts.written);
  return is_gzip(one.path) && place.written == one.facts.written &&
         unpacked_size(one) == static_cast<std::uint32_t>(place.size);
}

// Is it another one's, of which more was read, or that was not written to since? Logs may begin the same.
bool is_of_another(const LogFile& file, const Place& place, const std::vector<Place>& places) {
  return std::any_of(places.begin(), places.end(), [&](const Place& other) {
    const bool nearer = other.mark.end > place.mark.end || is_as_it_was(other, file.size(), file.written());
    return nearer && other != place && file.holds(other.file, other.mark);
  });
}

// Where the file of a place may be: under the path, where it was, and beside those two; the last is only
// looked for when need be.
std::vector<Sibling> find_here(const std::string& log, const Place& place) {
  std::vector<Sibling> found = find_file(log);
  const std::vector<Sibling> there = find_file(place.path);
  found.insert(found.end(), there.begin(), there.end());
  return found;
}
std::vector<Sibling> find_beside(const Logs& logs, const Place& place) {
  std::vector<Sibling> found = find_siblings(logs);
  std::error_code unknown;
  const std::string log = std::filesystem::path{logs.front()}.filename().string();
  const std::string name = std::filesystem::path{place.path}.filename().string();
  if ((name == log || is_rotated_name(log, name)) &&
      std::filesystem::equivalent(base::folder_of(logs.front()), base::folder_of(place.path), unknown))
    return found;
  const std::vector<Sibling> there = find_siblings({place.path});  // a symbolic link led there then
  found.insert(found.end(), there.begin(), there.end());
  return found;
}

}  // namespace

base::Result<void> Follower::resume(const LogState& state) {
  known_ = Known{state.done};
  cut_off_ = state.cut;
  if (sink_.recall) sink_.recall(state.note);
  if (base::Result<LogFile> file = open_log(); !file && !is_absent(file.error())) return base::failed(file);
  find_all_again(state.open);
  const bool in_place = !state.open.empty() && is_cut_in_place(state.open.back());
  if (base::Result<void> held = hold_named(From::start, nullptr); !held) return held;
  if (in_place) cut_off_ = CutOff{state.open.back().offset + state.open.back().unread()};
  missed_ = true;
  look_up(in_place);
  count_copies();
  missed_ = true;  // what was rotated meanwhile
  return {};
}

// Those first that are known by their inodes, so that none of them is taken for another one that moved.
void Follower::find_all_again(const std::vector<Place>& places) {
  std::map<const Place*, Files::iterator> found;  // in their order
  std::vector<const Place*> moved;
  const std::vector<Sibling> siblings = find_siblings(names_);
  const auto find = [&](const Place& place, const auto& look) {
    const std::size_t held = files_.size();
    look();
    if (files_.size() > held) found.emplace(&place, std::prev(files_.end()));
  };
  for (const Place& place : places) {
    find(place, [&] {
      if (take_place(place, find_here(path_, place), By::inode) == Sought::taken) return;
      if (take_place(place, siblings, By::inode) != Sought::taken) moved.push_back(&place);
    });
  }
  for (const Place* place : moved) find(*place, [&] { find_again(*place, places); });
  for (const auto& [place, held] : found) files_.splice(files_.end(), files_, held);
}

// One that was renamed or compressed, gone or cut short; judged by what is there by now.
void Follower::find_again(const Place& place, const std::vector<Place>& all) {
  const bool last = &place == &all.back();
  const bool found = seek_place(place, all);
  if (!found && was_log_cut(place)) remember_short(cut_of(place));
  const std::vector<Sibling> siblings = find_siblings(names_);
  if (!found && !was_read_and_packed(place, siblings) && !await(place, siblings))
    report_gone(place, last && !was_packed_unseen(place, siblings));
  else if (is_cut_in_place(place) || is_cut_and_renamed(place, siblings))
    sink_.gap(Gap::truncated, 0);
}

// A log that was empty is known by nothing by which it could be found compressed. But rotation deletes the
// oldest first: while a file is there that is older than the log, the log is among the compressed ones that
// are new. Was it deleted out of turn, what was written to it since is missing, and no gap tells so.
bool Follower::was_packed_unseen(const Place& place, const std::vector<Sibling>& siblings) {
  if (is_known_by_content(place)) return false;
  const auto is_known = [&](const Sibling& one) {
    return known_.has(one) || holds(one.facts.file) || (one.compressed && is_packed_known(one));
  };
  const bool older = !awaited_.empty() || std::any_of(siblings.begin(), siblings.end(), is_known);
  return older && std::any_of(siblings.begin(), siblings.end(), [&](const Sibling& one) {
           return one.compressed && !is_too_old(one, place.written) && !is_known(one);
         });
}

// Opens the file that stood at `place`, which has moved meanwhile or was cut short: by its inode if that is
// still the same file, else by its content; a copy will do. Copies are looked for after the log was found to
// be cut short. While one is gone that was there a moment ago, it is just being compressed.
bool Follower::seek_place(const Place& place, const std::vector<Place>& all) {
  bool moved = true;
  const auto take = [&](const std::vector<Sibling>& candidates, By by) {
    const Sought sought = take_place(place, candidates, by, all);
    moved = moved || sought == Sought::moved;
    return sought == Sought::taken;
  };
  for (int tries = 0; tries < kTries && std::exchange(moved, false); ++tries) {
    if (take(find_beside(names_, place), By::inode)) return true;
    if (!is_known_by_content(place)) continue;
    for (const By by : kByContent) {
      if (take(find_here(path_, place), by) || take(find_beside(names_, place), by)) return true;
    }
  }
  return false;
}

// Whether the file of the place may be among those that cannot be unpacked yet. It is not known by its inode
// any more, which may be the log's.
bool Follower::await(Place place, const std::vector<Sibling>& siblings) {
  if (!is_known_by_content(place) || awaited_.size() >= kMaxHeld) return false;
  const auto is_one = [&](const Sibling& one) { return is_pending(one) && may_hold(one.path, place.file); };
  if (std::none_of(siblings.begin(), siblings.end(), is_one)) return false;
  place.leaving = place.leaving || is_cut_in_place(place);
  place.file.inode = 0;
  awaited_.push_back(std::move(place));
  searched_.clear();
  return true;
}

void Follower::take_awaited(Files::iterator before, const std::vector<Sibling>& siblings) {
  if (awaited_.empty() || (siblings == searched_ && may_yet_come(siblings))) return;
  searched_ = siblings;
  compressing_ = 0;
  for (const Sibling& one : siblings) {
    if (is_pending(one)) compressing_ = std::max(compressing_, one.facts.written);
  }
  const std::vector<Place> all = awaited_;
  std::erase_if(awaited_, [&](const Place& place) {
    const std::size_t held = files_.size();
    Sought sought = Sought::absent;
    for (const By by : kByContent) {
      const Sought found = sought != Sought::taken ? take_place(place, siblings, by, all) : Sought::absent;
      if (found != Sought::absent) sought = found;
    }
    if (files_.size() > held) files_.splice(before, files_, std::prev(files_.end()));
    if (sought == Sought::absent && was_log_cut(place)) remember_short(cut_of(place));
    if (sought == Sought::moved || (sought == Sought::absent && may_yet_come(siblings))) return false;
    if (sought == Sought::absent) report_gone(place, !place.leaving);
    return true;
  });
  count_copies();
  if (!files_.empty()) tell_hole(files_.back().file);
}

bool Follower::may_yet_come(const std::vector<Sibling>& siblings) {
  return is_recent(compressing_) || std::any_of(siblings.begin(), siblings.end(),
                                                [&](const Sibling& one) { return unpacker_.is_foiled(one); });
}

// The newest is the longest, if there are several copies.
Follower::Sought Follower::take_place(const Place& place, const std::vector<Sibling>& candidates, By by,
                                      const std::vector<Place>& others) {
  if (by == By::part && place.size <= place.mark.end) return Sought::absent;
  bool moved = false;
  for (auto one = candidates.rbegin(); one != candidates.rend(); ++one) {
    if (find(one->facts.file) != files_.end()) continue;
    if (by == By::inode && !one->facts.file.same_inode(place.file)) continue;
    if (by == By::facts && !is_as_it_was(place, *one)) continue;
    if (is_too_old(*one, place.written)) continue;  // nor unpack all there are
    base::Result<LogFile> file = unpacker_.open(*one);
    moved = moved || (!file && file.error().code == base::Exit::kUnavailable);
    if (!file || file->size() < place.offset || !file->holds(place.file, place.mark)) continue;
    if (by == By::content && file->size() < place.size) continue;
    if (by != By::inode && is_of_another(*file, place, others)) continue;
    file->seek(place.offset);
    if (!file->holds(place.file, place.mark)) continue;  // cut short before it was sought
    if (place.size > file->size()) sink_.gap(Gap::truncated, place.size - file->size());
    const bool same = by == By::inode;
    const bool held = !same && find_same(*file) != files_.end();
    if (!held && !was_read(*file)) add(std::move(*file), one->path != path_ && (place.leaving || !same));
    return Sought::taken;
  }
  return moved ? Sought::moved : Sought::absent;
}

// Does its file stand under the path, and holds something else?
bool Follower::is_cut_in_place(const Place& place) {
  const base::Result<Facts> current = look_at(path_);
  return current && current->file.same_inode(place.file) && find(current->file) == files_.end();
}

// An awaited one is not known by its inode any more; it is `leaving` if it was cut short, or is a copy.
bool Follower::was_log_cut(const Place& place) {
  if (place.file.inode != 0) return is_cut_in_place(place);
  return place.leaving && !is_rotated_path(path_, place.path);
}

bool Follower::is_cut_and_renamed(const Place& place, const std::vector<Sibling>& siblings) {
  return !place.leaving && find(place.file) == files_.end() &&
         std::any_of(siblings.begin(), siblings.end(),
                     [&](const Sibling& one) { return one.facts.file.same_inode(place.file); });
}

// There may have been more than was seen, if somebody wrote to it until the end.
void Follower::report_gone(const Place& place, bool may_have_grown) {
  if (may_have_grown || place.unread() > 0)
    sink_.gap(is_cut_in_place(place) ? Gap::truncated : Gap::lost, place.unread());
}

}  // namespace xlimit::follow
