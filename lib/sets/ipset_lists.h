// SPDX-License-Identifier: MIT
// Named lists as ipset's sets: one for each family that has prefixes, replaced by filling another and
// swapping.
#pragma once

#include <span>
#include <vector>

#include "sets/admin.h"
#include "sets/backend.h"
#include "sets/set_client.h"

namespace xlimit::sets {

class IpsetLists {
 public:
  // All must live as long.
  IpsetLists(SetClient& client, Admin& admin, const Names& names)
      : client_(client), admin_(admin), names_(names) {}

  // The lists that have a set, sorted.
  base::Result<std::vector<ListKey>> all();
  // Makes the sets for these prefixes, empty where they are new, so that rules can use them. Adds the
  // families of new ones to `made`, also when it fails.
  base::Result<void> make(const ListKey& list, std::span<const ip::Prefix> prefixes,
                          std::vector<Family>& made);
  // Destroys what one that was killed while it filled has left behind.
  base::Result<void> clear_away(const ListKey& list, Family family);
  // What replacing would change: all is new when there is no such list yet.
  base::Result<Change> compare(const ListKey& list, std::span<const ip::Prefix> prefixes);
  // Replaces the content of the sets there are; those that hold it already are left alone.
  base::Result<Change> replace(const ListKey& list, std::span<const ip::Prefix> prefixes);
  base::Result<bool> each(const ListKey& list, const std::function<void(const ip::Prefix&)>& on_prefix);
  base::Result<std::vector<ip::Prefix>> find(const ListKey& list, const ip::Prefix& target);

 private:
  base::Result<Change> replace_one(const std::string& set, Family family,
                                   std::span<const ip::Prefix> prefixes);
  base::Result<bool> surely_differs(const std::string& set, std::span<const ip::Prefix> prefixes);
  base::Result<void> fill_anew(const std::string& set, Family family, std::span<const ip::Prefix> prefixes);

  SetClient& client_;
  Admin& admin_;
  const Names& names_;
};

// The set that is filled to be swapped with `set`.
inline std::string filling(const std::string& set) { return set + '+'; }

// Pure: the part of sorted prefixes that is of one family.
std::span<const ip::Prefix> part_of(std::span<const ip::Prefix> prefixes, Family family);

// Pure: what changes when a set gets the content `after`, told by seeing each of its prefixes before, in any
// order: a kernel lists a hash as it lies.
class Comparison {
 public:
  // `after`: sorted, of one family, and must live as long.
  explicit Comparison(std::span<const ip::Prefix> after);
  void see(const ip::Prefix& before);
  Change result() const {
    return {.added = after_.size() - unchanged_, .removed = removed_, .unchanged = unchanged_};
  }

 private:
  std::span<const ip::Prefix> after_;
  std::vector<std::uint32_t> begins_;  // where prefixes with these first 16 bits begin
  std::uint64_t removed_ = 0, unchanged_ = 0;
};

}  // namespace xlimit::sets
