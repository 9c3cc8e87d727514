// SPDX-License-Identifier: MIT
// Records that are named by a small number and used again after they were given back. Grows in chunks: a
// vector would need twice the memory at the moment it doubles.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace xlimit::session {

using Index = std::uint32_t;
inline constexpr Index kNone = UINT32_MAX;

template <class T>
class Pool {
 public:
  Index add(T value) {
    if (free_.empty()) {
      records_.push_back(std::move(value));
      return static_cast<Index>(records_.size() - 1);
    }
    const Index index = free_.back();
    free_.pop_back();
    records_[index] = std::move(value);
    return index;
  }
  void remove(Index index) {
    records_[index] = T{};
    free_.push_back(index);
  }
  T& operator[](Index index) { return records_[index]; }
  const T& operator[](Index index) const { return records_[index]; }
  std::size_t size() const { return records_.size() - free_.size(); }

 private:
  std::deque<T> records_;
  std::vector<Index> free_;
};

}  // namespace xlimit::session
