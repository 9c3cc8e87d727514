// SPDX-License-Identifier: MIT
// Named lists in nftables' own sets. A list is a set of intervals that never changes: a new content is
// filled into a new set, in transactions small enough that bans go on between them, and one last transaction
// lets the rule use it and takes the old one away. So a packet meets the old list or the new one, on kernels
// too whose lookups miss the old elements of a set while a transaction changes it (before 6.17).
#pragma once

#include <span>
#include <vector>

#include "sets/backend.h"
#include "sets/nft_client.h"
#include "sets/nft_names.h"
#include "sets/rules.h"

namespace xlimit::sets {

inline SetRef ref_of(const SeenSet& set, Family family) { return {set.name, bits_of(family)}; }

class NftLists {
 public:
  // All must live as long.
  NftLists(NftClient& client, Rules& rules, const Names& names, const NftNames& nft_names)
      : client_(client), rules_(rules), list_names_(names), names_(nft_names) {}

  // The set that holds a list's content.
  struct Held {
    SeenSet set;
    std::uint64_t entries = 0;
  };
  base::Result<std::optional<Held>> held(const ListKey& list, Family family);

  // The lists that have a set, sorted.
  base::Result<std::vector<ListKey>> all();
  // The sets that rules of this chain should use.
  base::Result<std::vector<SetRef>> refs(SetKey key);

  // What replacing one family's part would change.
  base::Result<Change> compare(const ListKey& list, Family family, std::span<const ip::Prefix> prefixes);
  // Replaces one family's part; the chain must be there.
  base::Result<void> replace(const ListKey& list, Family family, std::span<const ip::Prefix> prefixes);
  // Takes sets and rules away; false when there were none.
  base::Result<bool> remove(const ListKey& list, Family family);

  base::Result<bool> each(const ListKey& list, Family family,
                          const std::function<void(const ip::Prefix&)>& on_prefix);
  base::Result<std::vector<ip::Prefix>> find(const ListKey& list, const ip::Prefix& target);

 private:
  base::Result<std::optional<Held>> look_into(Family family, const SeenSet& set);
  base::Result<bool> is_whole(Family family, const SeenSet& set);
  base::Result<std::vector<SeenSet>> sets_of(const ListKey& list, Family family);
  base::Result<std::uint64_t> count_kept(const NftSet& set, std::span<const ip::Prefix> prefixes);
  base::Result<std::string> fill(const ListKey& list, Family family, std::span<const ip::Prefix> prefixes);
  void drop(const NftSet& set);
  base::Result<int> use(const ListKey& list, Family family, const std::string& set);

  NftClient& client_;
  Rules& rules_;
  const Names& list_names_;
  const NftNames& names_;
};

}  // namespace xlimit::sets
