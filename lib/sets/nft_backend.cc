// SPDX-License-Identifier: MIT
// Bans and lists in nftables alone.
#include "sets/nft_backend.h"

#include <algorithm>
#include <cerrno>

#include "base/number.h"
#include "sets/admin.h"
#include "sets/ipset_lists.h"

namespace xlimit::sets {
namespace {

constexpr std::array<Family, 2> kFamilies{Family::v4, Family::v6};
constexpr std::size_t kSmall = 1024;

base::Result<void> check(const SeenSet& set, Family family) {
  if (is_of_form(set, family, false)) return {};
  return base::fail(base::Exit::kUnavailable, "use set '" + set.name +
                                                  "': it does not hold addresses with timeouts; " +
                                                  "delete it or choose another --set");
}

}  // namespace

NftBackend::NftBackend(const Options& options, NftClient client, Rules rules)
    : prefix_(options.prefix),
      ports_(options.ports),
      names_(options.prefix),
      client_(std::move(client)),
      rules_(std::move(rules)),
      bans_(client_, nft_names_, [this](SetKey key, unsigned length) { return make_width(key, length); }),
      lists_(client_, rules_, names_, nft_names_) {}

base::Result<std::unique_ptr<Backend>> NftBackend::open(const Options& options) {
  if (base::Result<void> good = check_prefix(options.prefix); !good) return base::failed(good);
  base::Result<NftClient> client = NftClient::open(options.prefix);
  if (!client) return base::failed(client);
  base::Result<Rules> rules = Rules::open(options.prefix);
  if (!rules) return base::failed(rules);
  return std::unique_ptr<Backend>{new NftBackend{options, std::move(*client), std::move(*rules)}};
}

// The kernel keeps milliseconds in 64 bits.
std::chrono::seconds NftBackend::longest_timeout() const { return base::kLongestDuration; }

base::Result<bool> NftBackend::exists(SetKey key) {
  base::Result<std::optional<SeenSet>> set = client_.find(client_.set(key.family, names_.of(key)));
  if (!set) return base::failed(set);
  return set->has_value();
}

base::Result<std::vector<std::string>> NftBackend::setup(Direction direction, Setup what, bool dry_run) {
  std::vector<std::string> done;
  base::Result<void> made = make_sets(direction, dry_run, done);
  if (made) made = rules_.keep([&] { return plan_rules(direction, what); }, dry_run, done);
  if (!made) return base::failed(made);
  return done;
}

base::Result<void> NftBackend::make_sets(Direction direction, bool dry_run, std::vector<std::string>& done) {
  for (const Family family : kFamilies) {
    const NftSet set = client_.set(family, names_.of({family, direction}));
    base::Result<std::optional<SeenSet>> there = client_.find(set);
    if (!there) return base::failed(there);
    if (*there) {
      if (base::Result<void> fits = check(**there, family); !fits) return fits;
      continue;
    }
    done.push_back("create set '" + set.name + "'");
    if (dry_run) continue;
    base::Result<int> made = client_.change(kSmall, [&](netlink::Batch& batch) {
      put_table(batch, family, prefix_, client_.next());
      put_new_set(batch, set, {.maximum = kMaxEntries, .comment = {}, .id = 1}, client_.next());
    });
    if (!made) return base::failed(made);
    if (*made != 0 && *made != EEXIST) return base::os_error("create set '" + set.name + "'", *made);
    note_made_set(direction);
  }
  return {};
}

// The first ban of a prefix length makes its set.
base::Result<bool> NftBackend::make_width(SetKey key, unsigned length) {
  base::Result<bool> there = exists(key);
  if (!there || !*there) return there;
  const NftSet set = client_.set(key.family, nft_names_.of_bans(key, length));
  base::Result<int> made = client_.change(kSmall, [&](netlink::Batch& batch) {
    put_new_set(batch, set, {.maximum = kMaxEntries, .comment = {}, .id = 1}, client_.next());
  });
  if (!made) return base::failed(made);
  if (*made != 0 && *made != EEXIST) return base::os_error("create set '" + set.name + "'", *made);
  std::vector<std::string> done;
  base::Result<void> ruled =
      rules_.keep([&] { return plan_rules(key.direction, Setup::missing); }, false, done);
  if (!ruled) return base::failed(ruled);
  return true;
}

base::Result<std::vector<ChainOrder>> NftBackend::plan_rules(Direction direction, Setup what) {
  std::vector<ChainOrder> orders;
  for (const Family family : kFamilies) {
    const SetKey key{family, direction};
    ChainPlan plan{.key = key, .bans = {}, .ports = ports_.of(direction), .lists = {}};
    base::Result<std::vector<unsigned>> lengths = bans_.lengths(key);
    if (!lengths) return base::failed(lengths);
    for (const unsigned length : *lengths) plan.bans.emplace_back(nft_names_.of_bans(key, length), length);
    base::Result<std::vector<SetRef>> lists = lists_.refs(key);
    if (!lists) return base::failed(lists);
    plan.lists = std::move(*lists);
    base::Result<ChainState> state = rules_.look(key);
    if (!state) return base::failed(state);
    if (std::optional<ChainOrder> order = plan_chain(*state, plan, what)) orders.push_back(std::move(*order));
  }
  return orders;
}

base::Result<std::vector<std::string>> NftBackend::teardown(bool dry_run) {
  return rules_.remove_tables(dry_run);
}

base::Result<Change> NftBackend::load(const ListKey& list, std::span<const ip::Prefix> prefixes,
                                      bool dry_run) {
  if (base::Result<void> good = names_.check_list(list.name); !good) return base::failed(good);
  std::array<Change, 2> changes;
  for (const Family family : kFamilies) {
    base::Result<Change> change = lists_.compare(list, family, part_of(prefixes, family));
    if (!change) return change;
    changes.at(family == Family::v4 ? 0 : 1) = *change;
  }
  Change sum = changes[0];
  sum += changes[1];
  if (dry_run) return sum;
  base::Result<std::vector<std::string>> made = setup(list.direction, Setup::missing, false);
  if (!made) return base::failed(made);
  for (const Family family : kFamilies) {
    const Change& change = changes.at(family == Family::v4 ? 0 : 1);
    if (!change.any()) continue;
    base::Result<void> replaced = lists_.replace(list, family, part_of(prefixes, family));
    if (!replaced) return base::failed(replaced);
  }
  return sum;
}

base::Result<bool> NftBackend::unload(const ListKey& list, bool dry_run) {
  bool any = false;
  for (const Family family : kFamilies) {
    base::Result<bool> gone = false;
    if (dry_run) {
      base::Result<std::optional<NftLists::Held>> held = lists_.held(list, family);
      if (!held) return base::failed(held);
      gone = held->has_value();
    } else {
      gone = lists_.remove(list, family);
    }
    if (!gone) return gone;
    any = any || *gone;
  }
  return any;
}

base::Result<bool> NftBackend::each(const ListKey& list,
                                    const std::function<void(const ip::Prefix&)>& on_prefix) {
  bool any = false;
  for (const Family family : kFamilies) {
    base::Result<bool> there = lists_.each(list, family, on_prefix);
    if (!there) return there;
    any = any || *there;
  }
  return any;
}

base::Result<ListState> NftBackend::status(const ListKey& list) {
  ListState states{.key = list, .families = {}};
  for (const Family family : kFamilies) {
    const SetKey key{family, list.direction};
    SetState state{.key = key, .name = names_.of(list, family)};
    base::Result<std::optional<NftLists::Held>> held = lists_.held(list, family);
    if (!held) return base::failed(held);
    if (*held) {
      base::Result<ChainState> chain = rules_.look(key);
      if (!chain) return base::failed(chain);
      const SetRef set{(*held)->set.name, bits_of(family)};
      state.exists = true;
      state.entries = state.maximum = (*held)->entries;
      state.faults = chain_faults(*chain, key, set);
      count_rules(*chain, set, state);
    }
    states.families.at(family == Family::v4 ? 0 : 1) = std::move(state);
  }
  return states;
}

base::Result<std::vector<SetState>> NftBackend::status() {
  std::vector<SetState> states;
  for (const SetKey key : kAllKeys) {
    base::Result<SetState> state = state_of(key);
    if (!state) return base::failed(state);
    states.push_back(std::move(*state));
  }
  return states;
}

base::Result<SetState> NftBackend::state_of(SetKey key) {
  SetState state{.key = key, .name = names_.of(key)};
  base::Result<std::vector<unsigned>> lengths = bans_.lengths(key);
  if (!lengths) return base::failed(lengths);
  base::Result<ChainState> chain = rules_.look(key);
  if (!chain) return base::failed(chain);
  state.exists = std::ranges::count(*lengths, bits_of(key.family)) > 0;
  if (lengths->empty() && !chain->chain && key.direction == Direction::out) return state;
  if (!state.exists) state.faults.emplace_back("the set is missing");
  if (lengths->empty()) {
    for (std::string& fault : chain_faults(*chain, key, std::nullopt))
      state.faults.push_back(std::move(fault));
  }
  for (const unsigned length : *lengths) {
    const SetRef set{nft_names_.of_bans(key, length), length};
    for (std::string& fault : chain_faults(*chain, key, set)) {
      if (std::ranges::count(state.faults, fault) == 0) state.faults.push_back(std::move(fault));
    }
    count_rules(*chain, set, state);
  }
  if (base::Result<void> counted = count_entries(key, *lengths, state); !counted)
    return base::failed(counted);
  return state;
}

base::Result<void> NftBackend::count_entries(SetKey key, const std::vector<unsigned>& lengths,
                                             SetState& state) {
  for (const unsigned length : lengths) {
    const NftSet name = client_.set(key.family, nft_names_.of_bans(key, length));
    base::Result<std::optional<SeenSet>> set = client_.find(name);
    if (!set) return base::failed(set);
    if (!*set) continue;
    if (base::Result<void> fits = check(**set, key.family); !fits) state.faults.push_back(fits.error().text);
    state.maximum = std::max<std::uint64_t>(state.maximum, (*set)->maximum);
    state.entries += (*set)->entries.value_or(0);
    if ((*set)->entries) continue;
    base::Result<bool> listed = client_.each(name, [&](const SeenElement&) { ++state.entries; });
    if (!listed) return base::failed(listed);
  }
  return {};
}

}  // namespace xlimit::sets
