// SPDX-License-Identifier: MIT
// Linear probing. What is removed leaves no mark: the entries behind it move up.
#include "session/lookup.h"

namespace xlimit::session {
namespace {

constexpr std::size_t kFirst = 64;

}  // namespace

void Lookup::add(std::uint32_t hash, Index record) {
  if ((size_ + 1) * 5 > entries_.size() * 4) grow();
  put({hash, record});
  ++size_;
}

void Lookup::put(Entry entry) {
  std::size_t at = home(entry.hash);
  while (entries_[at].record != kNone) at = next(at);
  entries_[at] = entry;
}

// By a quarter: memory is what a million users are short of.
void Lookup::grow() {
  const std::size_t larger = entries_.empty() ? kFirst : entries_.size() + entries_.size() / 4;
  const auto old = std::exchange(entries_, decltype(entries_)(larger));
  for (const Entry& entry : old) {
    if (entry.record != kNone) put(entry);
  }
}

std::size_t Lookup::position(std::uint32_t hash, Index record) const {
  std::size_t at = home(hash);
  while (entries_[at].record != record) at = next(at);
  return at;
}

// An entry may fill the hole unless it would then stand before its home.
void Lookup::remove(std::uint32_t hash, Index record) {
  std::size_t hole = position(hash, record);
  for (std::size_t at = next(hole); entries_[at].record != kNone; at = next(at)) {
    if (distance(home(entries_[at].hash), at) < distance(hole, at)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = {};
  --size_;
}

}  // namespace xlimit::session
