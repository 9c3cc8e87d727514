// SPDX-License-Identifier: MIT
// Named lists in nftables' own sets: how they get another content, and go.
#include "sets/nft_lists.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sets/nft_label.h"

namespace xlimit::sets {
namespace {

// What one transaction of a fill holds: bans of other processes wait as long as it takes, and kernels go
// through the whole set in each, which is most of their time. The fewer go through a socket whose buffer
// can't be enlarged.
constexpr std::size_t kMessagesAtOnce = 128, kFewestMessages = 2, kFillMessage = std::size_t{64} * 1024;
constexpr std::size_t kSmall = 512, kRuleSize = 768;
constexpr int kRounds = 20;

// What a smaller transaction cures: the socket's buffer or the kernel's memory did not hold this one.
bool is_too_large(int error) { return error == EMSGSIZE || error == ENOBUFS || error == ENOMEM; }

}  // namespace

base::Result<std::string> NftLists::fill(const ListKey& list, Family family,
                                         std::span<const ip::Prefix> prefixes) {
  NftSet set = client_.set(family, {});
  int error = EEXIST;
  // The name is this process's own, unless one before it was killed while it filled a set.
  for (long number = ::getpid(); error == EEXIST; ++number) {
    set.name = names_.of_list(list, family, number);
    base::Result<int> made = client_.change(kSmall, [&](netlink::Batch& batch) {
      put_new_set(batch, set, {.intervals = true, .comment = label_for(prefixes), .id = 1}, client_.next());
    });
    if (!made) return base::failed(made);
    error = *made;
  }
  std::size_t at_once = kMessagesAtOnce;
  while (error == 0 && !prefixes.empty()) {
    std::span<const ip::Prefix> rest = prefixes;
    base::Result<int> added = client_.change(at_once * kFillMessage, [&](netlink::Batch& batch) {
      for (std::size_t i = 0; i < at_once && !rest.empty(); ++i)
        rest = rest.subspan(put_intervals(batch, set, rest, client_.next()));
    });
    if (!added) {
      drop(set);
      return base::failed(added);
    }
    if (is_too_large(*added) && at_once > kFewestMessages) {
      at_once = kFewestMessages;
      continue;
    }
    error = *added;
    prefixes = rest;
  }
  if (error == 0) return set.name;
  drop(set);
  return base::os_error("fill set '" + set.name + "'", error);
}

// Of what went wrong before is told, not of this.
void NftLists::drop(const NftSet& set) {
  (void)client_.change(kSmall, [&](netlink::Batch& batch) { put_delete_set(batch, set, client_.next()); });
}

// One transaction: the rule of the old set becomes the new one's, with its counter, and all other sets of the
// list go. EBUSY or ENOENT: somebody else was faster.
base::Result<int> NftLists::use(const ListKey& list, Family family, const std::string& set) {
  base::Result<std::vector<SeenSet>> sets = sets_of(list, family);
  if (!sets) return base::failed(sets);
  base::Result<ChainState> chain = rules_.look({family, list.direction});
  if (!chain) return base::failed(chain);
  const SetKey key{family, list.direction};
  const Rule wanted = wanted_rules(SetRef{set, bits_of(family)}, list.direction, {}).front();
  return client_.change(
      kRuleSize * (chain->rules.size() + 1) + kSmall * sets->size(), [&](netlink::Batch& batch) {
        // A setup that came in between has put one in already.
        const bool stands =
            std::ranges::any_of(chain->rules, [&](const SeenRule& seen) { return seen.rule == wanted; });
        Placement place;
        for (const SeenSet& old : *sets) {
          if (old.name == set) continue;
          for (const SeenRule& seen : chain->rules) {
            if (!seen.rule || seen.rule->set != ref_of(old, family)) continue;
            place.counted.packets += seen.counted.packets;
            place.counted.bytes += seen.counted.bytes;
            if (place.instead_of == 0 && !stands)
              place.instead_of = seen.handle;
            else
              put_delete_rule(batch, key, client_.table(), seen.handle, client_.next());
          }
        }
        if (!stands) put_rule(batch, key, client_.table(), wanted, client_.next(), place);
        for (const SeenSet& old : *sets) {
          if (old.name != set) put_delete_set(batch, client_.set(family, old.name), client_.next());
        }
      });
}

base::Result<void> NftLists::replace(const ListKey& list, Family family,
                                     std::span<const ip::Prefix> prefixes) {
  base::Result<std::string> filled = fill(list, family, prefixes);
  if (!filled) return base::failed(filled);
  for (int round = 0; round < kRounds; ++round) {
    base::Result<int> error = use(list, family, *filled);
    if (!error) return base::failed(error);
    if (*error == 0) return {};
    if (*error != EBUSY && *error != ENOENT) return base::os_error("use set '" + *filled + "'", *error);
    base::Result<std::optional<SeenSet>> there = client_.find(client_.set(family, *filled));
    if (!there) return base::failed(there);
    if (!*there) break;
  }
  return base::fail(base::Exit::kTemporary, "load list '" + list.name + "': another program loads it too");
}

base::Result<bool> NftLists::remove(const ListKey& list, Family family) {
  for (int round = 0; round < kRounds; ++round) {
    base::Result<std::vector<SeenSet>> sets = sets_of(list, family);
    if (!sets) return base::failed(sets);
    if (sets->empty()) return false;
    const SetKey key{family, list.direction};
    base::Result<ChainState> chain = rules_.look(key);
    if (!chain) return base::failed(chain);
    base::Result<int> error =
        client_.change(kSmall * (sets->size() + chain->rules.size()), [&](netlink::Batch& batch) {
          for (const SeenRule& seen : chain->rules) {
            const bool uses = seen.rule && std::ranges::any_of(*sets, [&](const SeenSet& set) {
                                return seen.rule->set == ref_of(set, family);
                              });
            if (uses) put_delete_rule(batch, key, client_.table(), seen.handle, client_.next());
          }
          for (const SeenSet& set : *sets)
            put_delete_set(batch, client_.set(family, set.name), client_.next());
        });
    if (!error) return base::failed(error);
    if (*error == 0) return true;
    if (*error != EBUSY && *error != ENOENT)
      return base::os_error("destroy set '" + list_names_.of(list, family) + "'", *error);
  }
  return base::fail(base::Exit::kTemporary, "unload list '" + list.name + "': another program uses its sets");
}

}  // namespace xlimit::sets
