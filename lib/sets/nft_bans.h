// SPDX-License-Identifier: MIT
// Bans in nftables' own sets: a set of keys for each prefix length in use, so that adding one and asking for
// the time it has left cost the same in an empty set and in a full one, and prefixes may overlap.
#pragma once

#include <span>
#include <vector>

#include "sets/backend.h"
#include "sets/nft_client.h"
#include "sets/nft_names.h"

namespace xlimit::sets {

class NftBans {
 public:
  // Both must live as long. `make_width` makes the set for a prefix length, with its rules; false when the
  // sets of that key are not there at all.
  using MakeWidth = std::function<base::Result<bool>(SetKey, unsigned)>;
  NftBans(NftClient& client, const NftNames& names, MakeWidth make_width)
      : client_(client), names_(names), make_width_(std::move(make_width)) {}

  base::Result<void> execute(std::span<const Order> orders, std::span<Answer> answers);
  base::Result<bool> list(SetKey key, const std::function<void(const Entry&)>& on_entry);
  base::Result<bool> look_up(SetKey key, std::span<const ip::Prefix> targets,
                             const std::function<void(const Entry&)>& on_entry);
  base::Result<bool> flush(SetKey key);
  // The prefix lengths that have a set, the longest first; none when there are no sets.
  base::Result<std::vector<unsigned>> lengths(SetKey key);

 private:
  struct Attempt;
  NftSet set_of(const Order& order) const;
  base::Result<void> change(std::span<const Order> orders, std::span<Answer> answers);
  base::Result<void> settle(Attempt& attempt, std::span<const Order> orders, std::span<Answer> answers);
  base::Result<Answer> test(const Order& order);

  NftClient& client_;
  const NftNames& names_;
  MakeWidth make_width_;
};

}  // namespace xlimit::sets
