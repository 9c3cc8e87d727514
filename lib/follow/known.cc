// SPDX-License-Identifier: MIT
// Files are told apart by inode and by the bytes before their mark, since an inode is used again.
#include "follow/known.h"

#include <algorithm>

namespace xlimit::follow {

void Known::add(Done done) {
  std::erase_if(files_,
                [&](const Done& one) { return one.file.same_inode(done.file) && one.mark.length == 0; });
  files_.push_back(done);
  text_.clear();
}

void Known::add(const LogFile& file, bool read) {
  forget(file);
  add({file.identity(), file.mark(), file.written(), read});
}

void Known::forget(const LogFile& file) {
  const auto is_same = [&](const Done& done) {
    return done.file.same_inode(file.identity()) && file.holds(done.file, done.mark);
  };
  if (std::erase_if(files_, is_same) > 0) text_.clear();
}

void Known::forget_gone(const std::vector<Sibling>& siblings, std::size_t most) {
  if (files_.size() <= most) return;
  std::vector<Done> left;
  for (const Sibling& sibling : siblings) {
    if (const Done* known = find(sibling.facts.file)) left.push_back(*known);
  }
  files_ = std::move(left);
  text_.clear();
}

const Done* Known::find(const Identity& file) const {
  const auto known = std::find_if(files_.rbegin(), files_.rend(),
                                  [&](const Done& done) { return done.file.same_inode(file); });
  return known == files_.rend() ? nullptr : &*known;
}

const Done* Known::find(const LogFile& file) const {
  const Done* known = find(file.identity());
  const bool same_file = known != nullptr && file.holds(known->file, known->mark);
  if (same_file && known->mark.length > 0) return known;
  const auto same = std::find_if(files_.begin(), files_.end(), [&](const Done& done) {
    return done.mark.length > 0 && done.mark.end == file.size() && file.holds(done.file, done.mark);
  });
  if (same != files_.end()) return &*same;
  return same_file && !file.is_unpacked() ? known : nullptr;
}

std::uint64_t find_read(const std::vector<Done>& files, const LogFile& file) {
  std::uint64_t end = 0;
  for (const Done& done : files) {
    const bool same = done.read && done.mark.length > 0 && done.file.same_inode(file.identity());
    if (same && file.holds(done.file, done.mark)) end = std::max(end, done.mark.end);
  }
  return end;
}

bool Known::has(const Sibling& sibling) const {
  const Done* known = find(sibling.facts.file);
  if (known == nullptr) return false;
  const bool same_time = known->written == sibling.facts.written;
  if (sibling.compressed) return same_time || known->file.birth != 0;
  return same_time && known->mark.end == sibling.facts.size;
}

const std::string& Known::text() const {
  if (text_.empty()) {
    for (const Done& done : files_) append(text_, done);
  }
  return text_;
}

}  // namespace xlimit::follow
