// SPDX-License-Identifier: MIT
// The newest so many entries by their last use: a bounded table that forgets the one unused longest.
//
// Every use is numbered, so that a table which is saved piece by piece while it is used can be put into its
// order again.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <utility>

namespace xlimit::session {

template <class Key, class Value>
class Recent {
 public:
  explicit Recent(std::size_t most) : most_(most) {}

  // Null when there is none. No use.
  const Value* find(const Key& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->value;
  }
  // The value, made when there is none, and now the one used last.
  Value& use(const Key& key) { return use(key, uses_ + 1); }
  // The same as the use of this number. Until sort() entries beyond `most` are kept.
  Value& use(const Key& key, std::uint64_t number) {
    const auto [found, fresh] = places_.try_emplace(key);
    if (fresh)
      found->second = entries_.insert(entries_.end(), {key, 0, {}});
    else
      entries_.splice(entries_.end(), entries_, found->second);
    uses_ = std::max(uses_, number);
    entries_.back().number = number;
    return entries_.back().value;
  }
  void erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }
  // Takes out what is one too many, if anything, and gives the entry to `gone`.
  template <class Gone>
  void trim(Gone gone) {
    while (entries_.size() > most_) {
      gone(entries_.front());
      places_.erase(entries_.front().key);
      entries_.pop_front();
    }
  }
  void sort() {
    entries_.sort([](const Entry& a, const Entry& b) { return a.number < b.number; });
  }

  struct Entry {
    Key key;
    std::uint64_t number = 0;  // of its last use
    Value value;
  };
  // By use, the oldest first.
  const std::list<Entry>& entries() const { return entries_; }
  const Entry* entry(const Key& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &*found->second;
  }

 private:
  std::size_t most_;
  std::uint64_t uses_ = 0;
  std::list<Entry> entries_;
  boost::unordered_flat_map<Key, typename std::list<Entry>::iterator, std::hash<Key>> places_;
};

}  // namespace xlimit::session
