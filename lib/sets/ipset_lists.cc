// SPDX-License-Identifier: MIT
// Named lists as ipset's sets.
#include "sets/ipset_lists.h"

#include <algorithm>
#include <bit>
#include <future>

namespace xlimit::sets {
namespace {

constexpr std::array<Family, 2> kFamilies{Family::v4, Family::v6};
constexpr std::uint32_t kLeastMaximum = 65536, kLeastSlots = 1024;

// With a quarter as many slots as entries the hash grows once while it is filled, and that stalls it; the
// kernel wants a power of two.
Form form_for(Family family, std::size_t entries) {
  const auto count = static_cast<std::uint32_t>(entries);
  return {.family = family,
          .slots = std::bit_ceil(std::max(kLeastSlots, count / 2)),
          .maximum = std::bit_ceil(std::max(kLeastMaximum, count)),
          .timeouts = false};
}

// Of a list, looked up before it is read.
constexpr std::size_t kProbes = 64;
constexpr std::size_t kTops = 1U << 16U;

// The first 16 bits of the address.
std::size_t top_of(const ip::Prefix& prefix) {
  const std::uint8_t* bytes = prefix.address().wire();
  return static_cast<std::size_t>(bytes[0] << 8 | bytes[1]);
}

base::Result<Change> compare_one(SetClient& client, const std::string& set,
                                 std::span<const ip::Prefix> prefixes) {
  Comparison comparison{prefixes};
  base::Result<bool> there = client.list(set, [&](const Entry& entry) { comparison.see(entry.target); });
  if (!there) return base::failed(there);
  return comparison.result();
}

}  // namespace

std::span<const ip::Prefix> part_of(std::span<const ip::Prefix> prefixes, Family family) {
  const auto middle =
      std::ranges::partition_point(prefixes, [](const ip::Prefix& one) { return one.is_v4(); });
  return family == Family::v4 ? std::span{prefixes.begin(), middle} : std::span{middle, prefixes.end()};
}

Comparison::Comparison(std::span<const ip::Prefix> after) : after_(after), begins_(kTops + 1) {
  std::size_t at = 0;
  for (std::size_t top = 0; top <= kTops; ++top) {
    while (at < after.size() && top_of(after[at]) < top) ++at;
    begins_[top] = static_cast<std::uint32_t>(at);
  }
}

void Comparison::see(const ip::Prefix& before) {
  const std::size_t top = top_of(before);
  const std::span<const ip::Prefix> near = after_.subspan(begins_[top], begins_[top + 1] - begins_[top]);
  ++(std::ranges::binary_search(near, before) ? unchanged_ : removed_);
}

base::Result<std::vector<ListKey>> IpsetLists::all() {
  base::Result<std::vector<std::string>> names = client_.names();
  if (!names) return base::failed(names);
  std::vector<ListKey> lists;
  for (const std::string& name : *names) {
    if (std::optional<Names::ListSet> set = names_.list_of(name)) lists.push_back(std::move(set->list));
  }
  std::ranges::sort(lists);
  lists.erase(std::ranges::unique(lists).begin(), lists.end());
  return lists;
}

base::Result<void> IpsetLists::make(const ListKey& list, std::span<const ip::Prefix> prefixes,
                                    std::vector<Family>& made) {
  for (const Family family : kFamilies) {
    const std::string set = names_.of(list, family);
    if (base::Result<void> gone = clear_away(list, family); !gone) return gone;
    base::Result<bool> there = client_.exists(set);
    if (!there) return base::failed(there);
    const std::size_t count = part_of(prefixes, family).size();
    if (*there || count == 0) continue;
    // The set that will hold the content comes later and is swapped with this one.
    if (base::Result<void> created = admin_.create(set, form_for(family, 0)); !created) return created;
    made.push_back(family);
  }
  return {};
}

base::Result<void> IpsetLists::clear_away(const ListKey& list, Family family) {
  const std::string set = filling(names_.of(list, family));
  base::Result<bool> left = client_.exists(set);
  if (!left) return base::failed(left);
  return *left ? admin_.destroy(set) : base::Result<void>{};
}

base::Result<Change> IpsetLists::compare(const ListKey& list, std::span<const ip::Prefix> prefixes) {
  Change sum;
  for (const Family family : kFamilies) {
    base::Result<Change> change = compare_one(client_, names_.of(list, family), part_of(prefixes, family));
    if (!change) return change;
    sum += *change;
  }
  return sum;
}

base::Result<Change> IpsetLists::replace(const ListKey& list, std::span<const ip::Prefix> prefixes) {
  Change sum;
  for (const Family family : kFamilies) {
    const std::string set = names_.of(list, family);
    base::Result<bool> there = client_.exists(set);
    if (!there) return base::failed(there);
    if (!*there) continue;
    base::Result<Change> change = replace_one(set, family, part_of(prefixes, family));
    if (!change) return change;
    sum += *change;
  }
  return sum;
}

// Reading a million entries back takes the kernel as long as taking in a million, so where the answer is sure
// to be "it changed" both are done at once.
base::Result<Change> IpsetLists::replace_one(const std::string& set, Family family,
                                             std::span<const ip::Prefix> prefixes) {
  base::Result<bool> differs = surely_differs(set, prefixes);
  if (!differs) return base::failed(differs);
  base::Result<SetClient> reader = SetClient::open();
  if (!reader) return base::failed(reader);
  const std::shared_future<base::Result<Change>> change = std::async(
      std::launch::async | std::launch::deferred, [&] { return compare_one(*reader, set, prefixes); });
  if (!*differs && (!change.get() || !change.get()->any())) return change.get();
  const std::string filled = filling(set);
  base::Result<void> done = fill_anew(filled, family, prefixes);
  // Also after a failure: it reads from here.
  if (!change.get()) return change.get();
  if (done) done = client_.swap(set, filled);
  base::Result<void> gone = admin_.destroy(filled);
  if (done) done = gone;
  if (!done) return base::failed(done);
  return change.get();
}

// Asks for a few of the prefixes, spread over all.
base::Result<bool> IpsetLists::surely_differs(const std::string& set, std::span<const ip::Prefix> prefixes) {
  const std::size_t stride = prefixes.size() / kProbes + 1;
  for (std::size_t at = 0; at < prefixes.size(); at += stride) {
    base::Result<bool> holds = client_.holds(set, prefixes[at]);
    if (!holds) return holds;
    if (!*holds) return true;
  }
  return false;
}

base::Result<void> IpsetLists::fill_anew(const std::string& set, Family family,
                                         std::span<const ip::Prefix> prefixes) {
  base::Result<void> done = admin_.create(set, form_for(family, prefixes.size()));
  if (!done) return done;
  return client_.fill(set, prefixes);
}

base::Result<bool> IpsetLists::each(const ListKey& list,
                                    const std::function<void(const ip::Prefix&)>& on_prefix) {
  bool any = false;
  for (const Family family : kFamilies) {
    base::Result<bool> there =
        client_.list(names_.of(list, family), [&](const Entry& entry) { on_prefix(entry.target); });
    if (!there) return there;
    any = any || *there;
  }
  return any;
}

// The kernel answers for one prefix of one length in a few microseconds, so every length is asked for. Of a
// single address it says yes when anything covers it: that is the address itself when nothing wider was
// found.
base::Result<std::vector<ip::Prefix>> IpsetLists::find(const ListKey& list, const ip::Prefix& target) {
  const std::string set = names_.of(list, family_of(target));
  std::vector<ip::Prefix> found;
  const auto ask = [&](unsigned length) -> base::Result<bool> {
    const ip::Prefix wider{target.address(), length};
    base::Result<bool> holds = client_.holds(set, wider);
    if (holds && *holds) found.push_back(wider);
    return holds;
  };
  base::Result<bool> any = ask(target.length());
  if (!any) return base::failed(any);
  if (target.is_single()) {
    if (!*any) return found;
    found.clear();
  }
  for (unsigned length = target.length(); length > 1; --length) {
    if (base::Result<bool> asked = ask(length - 1); !asked) return base::failed(asked);
  }
  if (target.is_single() && found.empty()) found.push_back(target);
  return found;
}

}  // namespace xlimit::sets
