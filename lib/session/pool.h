// SPDX-License-Identifier: MIT
// Records that are named by a small number and used again after they were given back. Grows in chunks: a
// vector would need twice the memory at the moment it doubles. All chunks but the first ask for huge pages.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "base/pages.h"

namespace xlimit::session {

using Index = std::uint32_t;
inline constexpr Index kNone = UINT32_MAX;

template <class T>
class Pool {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  Index add(const T& value) {
    Index index = size_;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else {
      if (size_ % kChunk == 0) chunks_.push_back(base::allocate_pages(kChunk * sizeof(T), !chunks_.empty()));
      ++size_;
    }
    new (&(*this)[index]) T(value);
    return index;
  }
  void remove(Index index) { free_.push_back(index); }

  T& operator[](Index index) { return static_cast<T*>(chunks_[index / kChunk].get())[index % kChunk]; }
  const T& operator[](Index index) const {
    return static_cast<const T*>(chunks_[index / kChunk].get())[index % kChunk];
  }
  std::size_t size() const { return size_ - free_.size(); }
  // Behind the highest number ever given.
  Index end() const { return size_; }

 private:
  // The smallest power of two that makes whole huge pages.
  static constexpr std::size_t chunk_records() {
    std::size_t count = 1;
    while (count * sizeof(T) % base::kHugePage != 0) count *= 2;
    return count;
  }
  static constexpr std::size_t kChunk = chunk_records();

  std::vector<base::Pages> chunks_;
  std::vector<Index> free_;
  Index size_ = 0;
};

}  // namespace xlimit::session
