// SPDX-License-Identifier: MIT
// Numbers of records, found by a hash of their key. The keys stay in the records.
//
//   Index user = users.find(hash, [&](Index candidate) { return name_of(candidate) == name; });
//
// Open addressing with eight bytes an entry, so a search waits for memory once. An entry keeps 32 bits of the
// hash: that tells nearly all strangers apart without a look at their records, and lets the table grow
// without one. The place of an entry grows with its hash, so growing is one walk through memory, in order.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/pages.h"
#include "session/pool.h"

namespace xlimit::session {

class Lookup {
 public:
  // The record of this hash for which `is_it` holds; kNone when there is none.
  template <class IsIt>
  Index find(std::uint32_t hash, const IsIt& is_it) const {
    if (entries_.empty()) return kNone;
    for (std::size_t at = home(hash); entries_[at].record != kNone; at = next(at)) {
      if (entries_[at].hash == hash && is_it(entries_[at].record)) return entries_[at].record;
    }
    return kNone;
  }
  // Asks for the memory that find() will read.
  void prefetch(std::uint32_t hash) const {
    if (!entries_.empty()) base::prefetch(&entries_[home(hash)]);
  }
  // The first record of this hash, or kNone.
  Index guess(std::uint32_t hash) const {
    return find(hash, [](Index) { return true; });
  }
  // A record that is not in it yet.
  void add(std::uint32_t hash, Index record);
  // The record must be there.
  void replace(std::uint32_t hash, Index record, Index by) { entries_[position(hash, record)].record = by; }
  void remove(std::uint32_t hash, Index record);
  std::size_t size() const { return size_; }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    Index record = kNone;
  };

  std::size_t home(std::uint32_t hash) const { return std::uint64_t{hash} * entries_.size() >> 32; }
  std::size_t next(std::size_t at) const { return at + 1 < entries_.size() ? at + 1 : 0; }
  std::size_t distance(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + entries_.size() - from;
  }
  std::size_t position(std::uint32_t hash, Index record) const;
  void put(Entry entry);
  void grow();

  std::vector<Entry, base::HugeAllocator<Entry>> entries_;
  std::size_t size_ = 0;
};

}  // namespace xlimit::session
