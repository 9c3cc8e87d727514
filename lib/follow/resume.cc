// SPDX-License-Identifier: MIT
// Where a follower is, and finding that again after a restart.
#include <algorithm>
#include <array>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "follow/follower.h"

namespace xlimit::follow {
namespace {

Place describe(const std::string& log, const LogFile& file) {
  Place place;
  place.log = log;
  place.device = file.identity().device;
  place.inode = file.identity().inode;
  place.head_length = file.identity().head.size();
  place.head_hash = fingerprint(file.identity().head);
  place.offset = file.offset();
  place.size = file.size();
  place.written = file.written();
  return place;
}

// Is this what stood at the place, and more?
bool holds(const LogFile& file, const Place& place) {
  std::array<char, Identity::kHead> head;
  if (place.head_length > head.size() || file.size() < place.offset) return false;
  const ssize_t got = ::pread(file.fd(), head.data(), place.head_length, 0);
  return got == static_cast<ssize_t>(place.head_length) &&
         fingerprint({head.data(), place.head_length}) == place.head_hash;
}

bool is_same_inode(const Sibling& sibling, const Place& place) {
  return sibling.identity.inode == place.inode && sibling.identity.device == place.device;
}

std::uint64_t unread(const Place& place) { return place.size - std::min(place.size, place.offset); }

// Without its content: what it took when it was not compressed stands in the last four bytes of a .gz (RFC
// 1952).
std::uint64_t size_before_compression(const Sibling& sibling) {
  if (!sibling.path.ends_with(".gz") || sibling.size < 18) return 0;
  const base::Fd fd{::open(sibling.path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<unsigned char, 4> size{};
  if (::pread(fd.get(), size.data(), size.size(), static_cast<off_t>(sibling.size - 4)) != 4) return 0;
  return std::uint64_t{size[0]} | std::uint64_t{size[1]} << 8 | std::uint64_t{size[2]} << 16 |
         std::uint64_t{size[3]} << 24;
}

}  // namespace

std::vector<Place> Follower::places() const {
  std::vector<Place> places;
  for (const LogFile& file : files_) places.push_back(describe(path_, file));
  if (places.empty()) places.push_back({.log = path_});
  return places;
}

base::Result<void> Follower::resume(const std::vector<Place>& places) {
  // What is under the path now is looked at like the rotated ones, and comes last among them.
  std::vector<Sibling> left = find_siblings(path_);
  for (const Sibling& sibling : left) known_.insert({sibling.identity.device, sibling.identity.inode});
  struct stat status;
  if (::stat(path_.c_str(), &status) == 0) {
    Sibling current{path_, {status.st_dev, status.st_ino, {}}, {}, 0, false};
    left.push_back(current);
    if (base::Result<LogFile> readable = LogFile::open(path_); !readable) return base::failed(readable);
  }
  const bool there = !left.empty() && left.back().path == path_;
  for (const Place& place : places) resume_place(place, &place == &places.back(), left);
  const bool unchanged = there && (left.empty() || left.back().path != path_);
  const bool in_place =
      there && status.st_ino == places.back().inode && status.st_dev == places.back().device;
  if (!unchanged) open_newer(left, places.back().written, in_place ? Hold::until_read : Hold::open);
  return {};
}

// Opens the file that stood at `place` and takes it out of `left`. By its inode if that is still the same
// file, else by its first bytes: a copy will do.
void Follower::resume_place(const Place& place, bool last, std::vector<Sibling>& left) {
  if (place.inode == 0) return;
  for (const bool by_inode : {true, false}) {
    for (auto one = left.begin(); one != left.end(); ++one) {
      const bool wanted = by_inode ? is_same_inode(*one, place) : place.head_length != 0;
      if (!wanted || one->compressed) continue;
      base::Result<LogFile> file = open_sibling(path_, *one);
      if (!file || !holds(*file, place)) continue;
      file->seek(place.offset);
      left.erase(one);
      return add(std::move(*file), by_inode ? Hold::open : Hold::until_read);
    }
  }
  const bool in_place = !left.empty() && left.back().path == path_ && is_same_inode(left.back(), place);
  if (last || unread(place) > 0) sink_.gap(in_place ? Gap::truncated : Gap::lost, unread(place));
}

// Rotated since, oldest first, and then the file under the path; from their beginnings. Of a log that is cut
// short in place the others are copies, and the next rotation may write over them.
void Follower::open_newer(const std::vector<Sibling>& left, std::int64_t than, Hold hold) {
  for (const Sibling& sibling : left) {
    const bool current = sibling.path == path_;
    if (!current && sibling.written.count() <= than) continue;
    if (sibling.compressed) {
      sink_.gap(Gap::lost, size_before_compression(sibling));
      continue;
    }
    if (base::Result<LogFile> file = open_sibling(path_, sibling))
      add(std::move(*file), current ? Hold::open : hold);
  }
}

}  // namespace xlimit::follow
