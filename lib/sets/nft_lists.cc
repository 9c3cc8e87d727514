// SPDX-License-Identifier: MIT
// Named lists in nftables' own sets: which there are, and what they hold.
#include "sets/nft_lists.h"

#include <algorithm>

#include "sets/nft_label.h"

namespace xlimit::sets {
namespace {

constexpr std::size_t kQuestionsAtOnce = 4096;

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
  const std::optional<ip::Prefix> last = last_in(set.comment);
  if (!last) return count_in(set.comment) == 0;
  const NftClient::Question question{.set = client_.set(family, set.name), .key = last->address()};
  base::Result<std::vector<std::optional<SeenElement>>> found = client_.get({&question, 1});
  if (!found) return base::failed(found);
  return found->front() && found->front()->key == last->address();
}

// What a set holds of what it was filled with: somebody may have emptied it since. Kernels that don't say
// (before 6.16) are asked for the last only.
base::Result<std::optional<NftLists::Held>> NftLists::look_into(Family family, const SeenSet& set) {
  Held held{.set = set, .entries = set.entries.value_or(0)};
  if (set.entries) return held;
  base::Result<bool> whole = is_whole(family, set);
  if (!whole) return base::failed(whole);
  if (*whole) held.entries = count_in(set.comment);
  return held;
}

base::Result<std::optional<NftLists::Held>> NftLists::held(const ListKey& list, Family family) {
  base::Result<std::vector<SeenSet>> sets = sets_of(list, family);
  if (!sets) return base::failed(sets);
  if (sets->empty()) return std::nullopt;
  base::Result<ChainState> chain = rules_.look({family, list.direction});
  if (!chain) return base::failed(chain);
  for (const SeenSet& set : *sets) {
    const bool used = std::ranges::any_of(chain->rules, [&](const SeenRule& seen) {
      return seen.rule && seen.rule->set == ref_of(set, family);
    });
    if (used) return look_into(family, set);
  }
  // No rule uses any: somebody took it away, or the list is being loaded for the first time.
  for (const SeenSet& set : *sets) {
    base::Result<bool> whole = is_whole(family, set);
    if (!whole) return base::failed(whole);
    if (*whole) return look_into(family, set);
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
  if ((*holds)->set.comment == label_for(prefixes) && (*holds)->entries == prefixes.size())
    return Change{.added = 0, .removed = 0, .unchanged = prefixes.size()};
  base::Result<std::uint64_t> kept = count_kept(client_.set(family, (*holds)->set.name), prefixes);
  if (!kept) return base::failed(kept);
  const std::uint64_t before = std::max((*holds)->entries, *kept);
  return Change{.added = prefixes.size() - *kept, .removed = before - *kept, .unchanged = *kept};
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
