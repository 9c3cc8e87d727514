// SPDX-License-Identifier: MIT
// Named lists in nftables' own sets.
#include "sets/nft_lists.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace xlimit::sets {
namespace {

// What one transaction of a fill holds: bans of other processes wait as long as it takes, and new kernels go
// through the whole set in each. The fewer go through a socket whose buffer can't be enlarged.
constexpr std::size_t kMessagesAtOnce = 32, kFewestMessages = 2, kFillMessage = std::size_t{64} * 1024;
constexpr std::size_t kQuestionsAtOnce = 4096;
constexpr std::size_t kSmall = 512, kRuleSize = 768;
constexpr int kRounds = 20;

// How far a set is filled can be told by its last member, since members are put in in their order: the
// comment says how many there will be and which is the last, and tells whether they are others at all.
constexpr std::string_view kUpTo = " prefixes up to ";

std::string comment_for(std::span<const ip::Prefix> prefixes) {
  if (prefixes.empty()) return "0 prefixes";
  std::uint64_t digest = 0;
  for (const ip::Prefix& prefix : prefixes)
    digest = digest * 0x100000001b3U + std::hash<ip::Prefix>{}(prefix);
  return std::to_string(prefixes.size()) + std::string{kUpTo} + ip::to_string(prefixes.back()) + ", digest " +
         std::to_string(digest);
}

std::uint64_t count_in(const SeenSet& set) {
  std::uint64_t count = 0;
  (void)std::from_chars(set.comment.data(), set.comment.data() + set.comment.size(), count);
  return count;
}

std::optional<ip::Prefix> last_in(const SeenSet& set) {
  const std::size_t at = set.comment.find(kUpTo);
  if (at == std::string::npos) return {};
  const std::string_view rest = std::string_view{set.comment}.substr(at + kUpTo.size());
  return ip::parse_prefix(rest.substr(0, rest.find(',')));
}

SetRef ref_of(const SeenSet& set, Family family) { return {set.name, bits_of(family)}; }

}  // namespace

base::Result<std::vector<SeenSet>> NftLists::sets_of(const ListKey& list, Family family) {
  base::Result<std::vector<SeenSet>> sets = client_.sets(family);
  if (!sets) return sets;
  std::erase_if(*sets, [&](const SeenSet& set) {
    const std::optional<Names::ListSet> named = names_.list_of(set.name);
    return !named || named->list != list || named->family != family || !is_of_form(set, family, true);
  });
  return sets;
}

base::Result<bool> NftLists::is_whole(Family family, const SeenSet& set) {
  const std::optional<ip::Prefix> last = last_in(set);
  if (!last) return count_in(set) == 0;
  const NftClient::Question question{.set = client_.set(family, set.name), .key = last->address()};
  base::Result<std::vector<std::optional<SeenElement>>> found = client_.get({&question, 1});
  if (!found) return base::failed(found);
  return found->front() && found->front()->key == last->address();
}

base::Result<std::optional<NftLists::Held>> NftLists::held(const ListKey& list, Family family) {
  base::Result<std::vector<SeenSet>> sets = sets_of(list, family);
  if (!sets) return base::failed(sets);
  if (sets->empty()) return std::nullopt;
  base::Result<ChainState> chain = rules_.look({family, list.direction});
  if (!chain) return base::failed(chain);
  for (const SeenSet& set : *sets) {
    const auto rule = std::ranges::find_if(chain->rules, [&](const SeenRule& seen) {
      return seen.rule && seen.rule->set == ref_of(set, family);
    });
    if (rule != chain->rules.end()) return Held{.set = set, .entries = count_in(set), .rule = *rule};
  }
  // No rule uses any: somebody took it away, or the list is being loaded for the first time.
  for (const SeenSet& set : *sets) {
    base::Result<bool> whole = is_whole(family, set);
    if (!whole) return base::failed(whole);
    if (*whole) return Held{.set = set, .entries = count_in(set), .rule = {}};
  }
  return std::nullopt;
}

base::Result<std::vector<ListKey>> NftLists::all() {
  std::vector<ListKey> lists;
  for (const Family family : {Family::v4, Family::v6}) {
    base::Result<std::vector<SeenSet>> sets = client_.sets(family);
    if (!sets) return base::failed(sets);
    for (const SeenSet& set : *sets) {
      const std::optional<Names::ListSet> named = names_.list_of(set.name);
      if (!named || std::ranges::count(lists, named->list) > 0) continue;
      base::Result<std::optional<Held>> holds = held(named->list, family);
      if (!holds) return base::failed(holds);
      if (*holds) lists.push_back(named->list);
    }
  }
  std::ranges::sort(lists);
  return lists;
}

base::Result<std::vector<SetRef>> NftLists::refs(SetKey key) {
  base::Result<std::vector<ListKey>> lists = all();
  if (!lists) return base::failed(lists);
  std::vector<SetRef> refs;
  for (const ListKey& list : *lists) {
    if (list.direction != key.direction) continue;
    base::Result<std::optional<Held>> holds = held(list, key.family);
    if (!holds) return base::failed(holds);
    if (*holds) refs.push_back(ref_of((*holds)->set, key.family));
  }
  return refs;
}

// How many of these the set holds just so. Asked for one by one, because the kernel walks through a set from
// its first element again for every few hundred that it lists.
base::Result<std::uint64_t> NftLists::count_kept(const NftSet& set, std::span<const ip::Prefix> prefixes) {
  std::uint64_t kept = 0;
  std::vector<NftClient::Question> questions;
  while (!prefixes.empty()) {
    const std::span<const ip::Prefix> part = prefixes.first(std::min(prefixes.size(), kQuestionsAtOnce));
    prefixes = prefixes.subspan(part.size());
    questions.clear();
    for (const ip::Prefix& prefix : part) {
      questions.push_back({.set = set, .key = last_of(prefix)});
      questions.push_back({.set = set, .key = behind(prefix).value_or(prefix.address())});
    }
    base::Result<std::vector<std::optional<SeenElement>>> found = client_.get(questions);
    if (!found) return base::failed(found);
    for (std::size_t i = 0; i < part.size(); ++i) {
      // Its last address is in an interval that begins where it does, and the next address is not.
      const std::optional<SeenElement>&in = (*found)[2 * i], &next = (*found)[2 * i + 1];
      const bool begins = in && in->key == part[i].address();
      if (begins && (!next || next->key == questions[2 * i + 1].key)) ++kept;
    }
  }
  return kept;
}

base::Result<Change> NftLists::compare(const ListKey& list, Family family,
                                       std::span<const ip::Prefix> prefixes) {
  base::Result<std::optional<Held>> holds = held(list, family);
  if (!holds) return base::failed(holds);
  if (!*holds) return Change{.added = prefixes.size(), .removed = 0, .unchanged = 0};
  if ((*holds)->set.comment == comment_for(prefixes))
    return Change{.added = 0, .removed = 0, .unchanged = prefixes.size()};
  base::Result<std::uint64_t> kept = count_kept(client_.set(family, (*holds)->set.name), prefixes);
  if (!kept) return base::failed(kept);
  const std::uint64_t before = std::max((*holds)->entries, *kept);
  return Change{.added = prefixes.size() - *kept, .removed = before - *kept, .unchanged = *kept};
}

base::Result<std::string> NftLists::fill(const ListKey& list, Family family,
                                         std::span<const ip::Prefix> prefixes) {
  NftSet set = client_.set(family, {});
  int error = EEXIST;
  // The name is this process's own, unless one before it was killed while it filled a set.
  for (long number = ::getpid(); error == EEXIST; ++number) {
    set.name = names_.of_list(list, family, number);
    base::Result<int> made = client_.change(kSmall, [&](netlink::Batch& batch) {
      put_new_set(batch, set, {.intervals = true, .comment = comment_for(prefixes), .id = 1}, client_.next());
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
    if (!added && at_once == kFewestMessages) {
      drop(set);
      return base::failed(added);
    }
    if (!added) {
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

base::Result<bool> NftLists::each(const ListKey& list, Family family,
                                  const std::function<void(const ip::Prefix&)>& on_prefix) {
  base::Result<std::optional<Held>> holds = held(list, family);
  if (!holds) return base::failed(holds);
  if (!*holds) return false;
  std::vector<ip::Address> begins, ends;
  base::Result<bool> there =
      client_.each(client_.set(family, (*holds)->set.name), [&](const SeenElement& element) {
        (element.side == Side::begin ? begins : ends).push_back(element.key);
      });
  if (!there) return there;
  std::ranges::sort(begins);
  std::ranges::sort(ends);
  // Where the last of all addresses is inside there is no end.
  for (std::size_t i = 0; i < begins.size(); ++i) {
    const std::optional<ip::Address> end = i < ends.size() ? std::optional{ends[i]} : std::nullopt;
    if (const std::optional<ip::Prefix> prefix = prefix_between(begins[i], end)) on_prefix(*prefix);
  }
  return true;
}

base::Result<std::vector<ip::Prefix>> NftLists::find(const ListKey& list, const ip::Prefix& target) {
  const Family family = family_of(target);
  std::vector<ip::Prefix> found;
  base::Result<std::optional<Held>> holds = held(list, family);
  if (!holds) return base::failed(holds);
  if (!*holds) return found;
  const NftSet set = client_.set(family, (*holds)->set.name);
  // Every prefix around the target may be it: the one is whose last address is in an interval that begins
  // with its first.
  std::vector<ip::Prefix> wider;
  std::vector<NftClient::Question> questions;
  for (unsigned length = 0; length <= target.length(); ++length) {
    wider.emplace_back(target.address(), length);
    questions.push_back({.set = set, .key = last_of(wider.back())});
  }
  base::Result<std::vector<std::optional<SeenElement>>> answers = client_.get(questions);
  if (!answers) return base::failed(answers);
  for (std::size_t i = 0; i < wider.size() && found.empty(); ++i) {
    const std::optional<SeenElement>& in = (*answers)[i];
    if (in && in->key == wider[i].address()) found.push_back(wider[i]);
  }
  return found;
}

}  // namespace xlimit::sets
