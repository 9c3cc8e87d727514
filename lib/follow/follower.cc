// SPDX-License-Identifier: MIT
// Everything here looks at the state of things; what woke the reader does not matter, so a missed or doubled
// notification does no harm.
#include "follow/follower.h"

#include <sys/stat.h>

#include <algorithm>

namespace xlimit::follow {

Follower::Follower(std::string path, Sink sink) : path_(std::move(path)), sink_(std::move(sink)) {}

base::Result<void> Follower::begin(From from) {
  for (const Sibling& sibling : find_siblings(path_))
    known_.insert({sibling.identity.device, sibling.identity.inode});
  base::Result<LogFile> file = LogFile::open(path_);
  if (!file) {
    struct stat status;
    if (::stat(path_.c_str(), &status) != 0 && errno == ENOENT) return {};
    return base::failed(file);
  }
  if (from == From::end) file->seek_end();
  add(std::move(*file));
  return {};
}

void Follower::look_up() {
  struct stat status {};
  const bool there = ::stat(path_.c_str(), &status) == 0;
  const Key key{status.st_dev, status.st_ino};
  const bool held = there && find(key) != files_.end();
  if (!files_.empty() && (!held || missed_)) open_missed();
  if (!there) return;
  const Files::iterator current = find(key);
  if (current == files_.end()) return open_current();
  files_.splice(files_.end(), files_, current);  // renamed back, or one that was missed came behind it
}

Follower::Files::iterator Follower::find(Key key) {
  return std::find_if(files_.begin(), files_.end(), [&](const LogFile& file) {
    return file.identity().device == key.first && file.identity().inode == key.second;
  });
}

void Follower::add(LogFile file, Hold hold) {
  files_.push_back(std::move(file));
  if (hold == Hold::until_read) copies_.insert(files_.back().fd());
  touched_.insert(files_.back().fd());
  if (on_open) on_open(files_.back());
  bound();
}

// Files that came and were rotated away between two looks. One that cannot be opened now is tried again at
// the next look.
void Follower::open_missed() {
  std::set<Key> seen;
  missed_ = false;
  for (const Sibling& sibling : find_siblings(path_)) {
    const Key key{sibling.identity.device, sibling.identity.inode};
    const bool fresh = !sibling.compressed && !known_.contains(key) && find(key) == files_.end();
    if (!fresh || open_rotated(sibling))
      seen.insert(key);
    else
      missed_ = true;
  }
  known_ = std::move(seen);
}

// Whether that is settled: opened, gone, or a copy of a file we hold.
bool Follower::open_rotated(const Sibling& sibling) {
  base::Result<LogFile> file = open_sibling(path_, sibling);
  if (!file && file.error().code == base::Exit::kUnavailable) {
    sink_.gap(Gap::lost, sibling.size);
    return true;
  }
  if (!file) {
    warn(file.error().text);
    return false;
  }
  const bool copy = std::any_of(files_.begin(), files_.end(), [&](const LogFile& held) {
    return !held.identity().head.empty() && begins_with(file->fd(), held.identity().head);
  });
  if (!copy) add(std::move(*file));
  return true;
}

void Follower::open_current() {
  base::Result<LogFile> file = LogFile::open(path_);
  if (!file) return warn(file.error().text);
  if (!missed_) warned_.clear();
  add(std::move(*file));
}

void Follower::touch(int fd) { touched_.insert(fd); }

void Follower::touch_all() {
  for (const LogFile& file : files_) touched_.insert(file.fd());
}

bool Follower::read() {
  for (Files::iterator next = files_.begin(); next != files_.end();) {
    const Files::iterator file = next++;
    if (!touched_.contains(file->fd())) continue;
    check(*file);
    if (read_slice(*file)) return true;
    touched_.erase(file->fd());
    if (copies_.contains(file->fd())) give_up(file);
  }
  return false;
}

bool Follower::read_slice(LogFile& file) {
  const base::Result<stream::ReadState> state = file.read(sink_.piece);
  if (!state) warn(state.error().text);
  return state && *state == stream::ReadState::more;
}

void Follower::check(LogFile& file) {
  if (const std::optional<LogFile::Cut> cut = file.check()) {
    const std::uint64_t saved = read_copy(*cut);
    sink_.gap(Gap::truncated, cut->lost - std::min(cut->lost, saved));
  }
}

// Rotation by copytruncate leaves a copy that has what was cut off unread. Returns how many bytes it had.
std::uint64_t Follower::read_copy(const LogFile::Cut& cut) {
  std::vector<Sibling> siblings = find_siblings(path_);
  for (const Sibling& sibling : siblings) known_.insert({sibling.identity.device, sibling.identity.inode});
  std::reverse(siblings.begin(), siblings.end());
  for (const Sibling& sibling : siblings) {
    if (sibling.compressed || sibling.size <= cut.offset || cut.before.head.empty()) continue;
    base::Result<LogFile> copy = open_sibling(path_, sibling);
    if (!copy || !begins_with(copy->fd(), cut.before.head)) continue;
    copy->seek(cut.offset);
    while (read_slice(*copy)) continue;
    copy->finish(sink_.piece);
    return copy->size() - cut.offset;
  }
  return 0;
}

void Follower::expire(std::chrono::steady_clock::time_point now) {
  for (Files::iterator file = files_.begin(); file != files_.end();) {
    const Files::iterator current = file++;
    const bool replaced = file != files_.end() && files_.back().size() > 0;
    if (replaced && now - current->grown() > kQuiet) give_up(current);
  }
}

bool Follower::give_up_deleted(std::chrono::steady_clock::time_point now) {
  struct stat status;
  const bool gone = ::stat(path_.c_str(), &status) != 0 && errno == ENOENT;
  const bool quiet = std::all_of(files_.begin(), files_.end(),
                                 [&](const LogFile& file) { return now - file.grown() > kQuiet; });
  if (!gone || !quiet) return false;
  while (!files_.empty()) give_up(files_.begin());
  return true;
}

// More renamed files than may be held: the one goes that has been quiet longest.
void Follower::bound() {
  if (files_.size() <= kMaxHeld + 1) return;
  give_up(std::min_element(files_.begin(), std::prev(files_.end()),
                           [](const LogFile& a, const LogFile& b) { return a.grown() < b.grown(); }));
}

void Follower::give_up(Files::iterator file) {
  check(*file);
  while (read_slice(*file)) continue;
  file->finish(sink_.piece);
  known_.insert({file->identity().device, file->identity().inode});
  touched_.erase(file->fd());
  copies_.erase(file->fd());
  if (on_close) on_close(*file);
  files_.erase(file);
}

void Follower::finish() {
  for (LogFile& file : files_) file.finish(sink_.piece);
}

void Follower::warn(const std::string& text) {
  if (text != warned_) sink_.warning(text);
  warned_ = text;
}

}  // namespace xlimit::follow
