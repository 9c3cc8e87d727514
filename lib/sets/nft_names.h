// SPDX-License-Identifier: MIT
// What nftables' own sets are called. Bans of one prefix length are one set: PREFIX4 has whole addresses,
// PREFIX4/24 networks of 24 bits. A list has a new set for each content: PREFIX.NAME4/4711. Pure.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "sets/names.h"

namespace xlimit::sets {

inline unsigned bits_of(Family family) { return family == Family::v4 ? 32 : 128; }

class NftNames {
 public:
  explicit NftNames(const Names& names) : names_(names) {}

  std::string of_bans(SetKey key, unsigned length) const {
    return names_.of(key) + (length == bits_of(key.family) ? "" : "/" + std::to_string(length));
  }
  // The prefix length of the bans in a set, when it is one of `key`.
  std::optional<unsigned> length_of(SetKey key, std::string_view set) const {
    const std::string& whole = names_.of(key);
    if (set == whole) return bits_of(key.family);
    if (!set.starts_with(whole + '/')) return {};
    set.remove_prefix(whole.size() + 1);
    unsigned length = 0;
    const auto read = std::from_chars(set.data(), set.data() + set.size(), length);
    if (read.ec != std::errc{} || read.ptr != set.data() + set.size()) return {};
    return length < bits_of(key.family) ? std::optional{length} : std::nullopt;
  }

  std::string of_list(const ListKey& list, Family family, long number) const {
    return names_.of(list, family) + '/' + std::to_string(number);
  }
  std::optional<Names::ListSet> list_of(std::string_view set) const {
    const std::size_t slash = set.find('/');
    if (slash == std::string_view::npos) return {};
    return names_.list_of(set.substr(0, slash));
  }

 private:
  const Names& names_;
};

}  // namespace xlimit::sets
