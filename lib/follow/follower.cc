// SPDX-License-Identifier: MIT
// Everything here looks at the state of things; what woke the reader does not matter, so a missed or doubled
// notification does no harm.
#include "follow/follower.h"

#include <algorithm>

#include "follow/unpack.h"

namespace xlimit::follow {
namespace {

// Not by being compressed.
bool came_since(const Sibling& one, const std::vector<Sibling>& earlier) {
  return !one.compressed && std::none_of(earlier.begin(), earlier.end(), [&](const Sibling& other) {
    return other.facts.file.same_inode(one.facts.file);
  });
}

}  // namespace

Follower::Follower(std::string path, Sink sink)
    : path_(std::move(path)), names_{path_}, sink_(std::move(sink)) {}

Follower::~Follower() {
  if (!on_close) return;
  for (const Held& held : files_) on_close(held.file);
}

// A file that came since we began was the log then, or is a copy of lines that came to it behind what we saw.
base::Result<void> Follower::begin(From from, std::int64_t since) {
  const std::vector<Sibling> earlier = find_siblings(names_);
  base::Result<LogFile> file = open_log();
  const LogFile* const log = file ? &*file : nullptr;
  if (base::Result<void> held = hold_named(from, log); !held) return held;
  bool missed = false;
  for (const Sibling& sibling : find_siblings(names_)) {
    const bool before = sibling.facts.size > 0 && sibling.age() <= since;
    if (!before || holds(sibling.facts.file)) continue;
    const bool come = from == From::start && came_since(sibling, earlier);
    missed = missed || come;
    if (!come) remember(sibling);
  }
  if (from == From::end) hold_late_writer(log);
  missed_ = true;  // what was rotated since the siblings were looked for
  if (!file) return is_absent(file.error()) ? base::Result<void>{} : base::failed(file);
  if (find_read) file->seek(find_read(*file));
  if (from == From::end) file->seek_end();
  add(std::move(*file));
  if (missed) look_up();
  return {};
}

void Follower::add_name(const std::string& path) {
  if (std::find(names_.begin(), names_.end(), path) == names_.end()) names_.push_back(path);
}

// There is no log, or was none a moment ago.
bool Follower::is_absent(const base::Error& error) const {
  const base::Result<Facts> facts = look_at(path_);
  return error.code == base::Exit::kUnavailable && (!facts || !facts->directory);
}

// What was cut off unread and stands in files that were found since is no gap, also after a restart.
void Follower::append_state(std::string& text) const {
  append_log(text, path_);
  for (const Place& place : awaited_) append(text, place);
  std::uint64_t fresh = spare_;
  for (const Held& held : files_) {
    Place place = held.file.place();
    place.leaving = held.leaving;
    if (held.file.was_cut()) place.size -= std::min(fresh, place.size - place.mark.end);
    if (held.fresh) fresh += held.file.size();
    append(text, place);
  }
  text += known_.text();
  if (cut_off_) append(text, *cut_off_);
  if (sink_.note) append_note(text, sink_.note());
}

void Follower::look_around() {
  missed_ = true;
  look_up();
}

// The current file comes first: a rotated one may be a copy of it that is just being made.
void Follower::look_up(bool in_place) {
  for (int tries = 0; tries < kTries; ++tries) {
    const base::Result<Facts> there = look_at(path_);
    const bool held = there && find(there->file) != files_.end();
    if (!there || (!held && !open_current())) return open_missed(files_.end(), in_place);
    const Files::iterator current = find(there->file);
    if (current != files_.end()) {
      files_.splice(files_.end(), files_, current);  // renamed back, or one that was missed came behind it
      if (missed_ || !held) open_missed(current, in_place);
      return;
    }
    missed_ = true;  // rotated away while we looked
  }
}

Follower::Files::iterator Follower::find(const Identity& file) {
  return std::find_if(files_.begin(), files_.end(),
                      [&](const Held& held) { return held.file.identity().same_inode(file); });
}

// By its inode, or by its content when it was copied or compressed meanwhile.
Follower::Files::iterator Follower::find_same(const LogFile& file) {
  const Files::iterator held = find(file.identity());
  if (held != files_.end()) return held;
  return std::find_if(files_.begin(), files_.end(), [&](const Held& one) {
    return one.file.looks_copied_by(file) && one.file.is_copied_by(file);
  });
}

bool Follower::holds(const Identity& file) const {
  return std::any_of(files_.begin(), files_.end(),
                     [&](const Held& held) { return held.file.identity().same_inode(file); });
}

Follower::Files::iterator Follower::add(LogFile file, bool leaving) {
  return add(files_.end(), std::move(file), leaving);
}

Follower::Files::iterator Follower::add(Files::iterator before, LogFile file, bool leaving) {
  known_.forget(file);
  const Files::iterator held = files_.insert(before, Held{std::move(file), leaving});
  if (on_open) on_open(held->file);
  return held;
}

// A rotated file may be asked for by its name.
base::Result<LogFile> Follower::open_log() {
  const base::Result<Facts> there = look_at(path_);
  return there && is_gzip(path_) ? unpacker_.open({path_, *there, true}) : LogFile::open(path_);
}

// Whether there is one that can be read.
bool Follower::open_current() {
  base::Result<LogFile> file = open_log();
  if (!file) {
    warn(file.error().text);
    return false;
  }
  if (!missed_) warned_.clear();
  if (find(file->identity()) != files_.end()) return true;
  if (is_taken && is_taken(file->identity())) return false;
  if (find_read) file->seek(find_read(*file));
  // An editor, or a tool that drops old lines, may have put a copy into the place of the log.
  for (const Held& held : files_) {
    const LogFile& read = held.file;
    if (read.mark().length > 0 && file->holds(read.identity(), read.mark())) file->seek(read.offset());
  }
  add(std::move(*file));
  return true;
}

void Follower::touch(int fd) {
  for (Held& held : files_) held.touched = held.touched || held.file.fd() == fd;
}

void Follower::touch_all() {
  for (Held& held : files_) held.touched = true;
}

void Follower::look() {
  for (Held& held : files_) held.file.look();
}

void Follower::hold_back() {
  if (reading_ != nullptr) reading_->hold_back();
}

bool Follower::read() {
  // The copies of what was cut off come before files that were found meanwhile.
  if (is_log_cut()) on_log_cut(files_.back().file.take_cut());
  for (Files::iterator next = files_.begin(); next != files_.end();) {
    const Files::iterator held = next++;
    if (waiting_ && next == files_.end() && is_current(held->file) && open_waiting()) return true;
    if (!held->touched) continue;
    if (read_slice(held)) return true;
    held->touched = false;
    if (next != files_.end()) held->file.rest();
    if (held->leaving) give_up(held);
  }
  if (open_waiting()) return true;
  bound();
  return false;
}

bool Follower::is_current(const LogFile& file) const {
  const base::Result<Facts> there = look_at(path_);
  return there && there->file.same_inode(file.identity());
}

// Those for which there was no room come before what stands under the path. Whether there is room by now.
bool Follower::open_waiting() {
  if (!waiting_) return false;
  bound();
  if (files_.size() > kMaxOpen) return false;
  waiting_ = false;
  look_up();
  return true;
}

// Whether that is what comes next. The copy that was made before may have been written over another file,
// which has to be seen first.
bool Follower::is_log_cut() {
  if (files_.empty() || !files_.back().file.is_cut_next()) return false;
  for (Held& held : files_) {
    held.file.look();
    held.touched = held.touched || held.file.was_cut();
  }
  return std::none_of(files_.begin(), std::prev(files_.end()),
                      [](const Held& held) { return held.file.was_cut(); });
}

bool Follower::read_slice(Files::iterator held) {
  const std::size_t open = files_.size();
  reading_ = &held->file;
  const base::Result<LogFile::Step> step = held->file.read(sink_.piece);
  reading_ = nullptr;
  if (!step) {
    warn(step.error().text);
    return false;
  }
  if (std::next(held) == files_.end())
    tell_hole(held->file);
  else if (*step == LogFile::Step::cut)
    on_rotated_cut(held);
  return *step != LogFile::Step::drained || files_.size() > open;
}

// A last look at each, and then it goes.
void Follower::expire(std::chrono::steady_clock::time_point now) {
  if (unpacker_.retry(now)) searched_.clear();
  for (Files::iterator next = files_.begin(); next != files_.end();) {
    Held& held = *next++;
    const bool replaced = next != files_.end() && files_.back().file.size() > 0;
    const bool quiet = now - held.file.grown() > kQuiet;
    if (replaced && quiet && !is_named(held.file.identity())) held.leaving = held.touched = true;
  }
}

// Does it stand under a name that was asked for?
bool Follower::is_named(const Identity& file) const {
  return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
    const base::Result<Facts> there = look_at(name);
    return there && there->file.same_inode(file);
  });
}

bool Follower::give_up_deleted(std::chrono::steady_clock::time_point now) {
  const base::Result<Facts> there = look_at(path_);
  const bool gone = !there && there.error().code == base::Exit::kUnavailable;
  const bool quiet = std::all_of(files_.begin(), files_.end(), [&](const Held& held) {
    return held.file.is_drained() && now - held.file.grown() > kQuiet;
  });
  if (!gone || !quiet) return false;
  while (!files_.empty()) give_up(files_.begin());
  return true;
}

// More renamed files than may be held: those go that have been quiet longest.
void Follower::bound() {
  while (files_.size() > kMaxHeld + 1) {
    const Files::iterator last = std::prev(files_.end());
    Files::iterator quietest = last;
    for (Files::iterator held = files_.begin(); held != last; ++held) {
      const bool quieter = quietest == last || held->file.grown() < quietest->file.grown();
      if (held->file.is_drained() && quieter) quietest = held;
    }
    if (quietest == last) return;
    give_up(quietest);
  }
}

void Follower::give_up(Files::iterator held) {
  LogFile& file = held->file;
  finish(file);
  file.look();
  known_.add(file, true);
  if (on_close) on_close(file);
  files_.erase(held);
}

// A copy ends anywhere, its log went on; and a writer that is gone wrote no end.
void Follower::finish(LogFile& file) {
  file.finish([this](const stream::Piece& piece) {
    if (piece.first) sink_.half(piece.text);
  });
}

void Follower::finish(bool whole) {
  for (Held& held : files_) {
    if (!held.file.is_drained()) continue;
    if (whole && !held.leaving)
      held.file.finish(sink_.piece);
    else
      finish(held.file);
  }
}

void Follower::warn(const std::string& text) {
  if (warned_.size() >= kMaxDone) warned_.clear();
  if (warned_.insert(text).second) sink_.warning(text);
}

}  // namespace xlimit::follow
