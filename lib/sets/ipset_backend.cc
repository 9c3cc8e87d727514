// SPDX-License-Identifier: MIT
// Bans in ipset's sets, enforced by nftables rules that match with them.
#include "sets/ipset_backend.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "sets/lock.h"
#include "sets/set_index.h"

namespace xlimit::sets {
namespace {

// First sizes of the hashes: growing stalls the writer, and `in` sets are those that fill in a burst.
constexpr std::uint32_t kSlotsIn = 65536, kSlotsOut = 1024;

constexpr std::array<Family, 2> kFamilies{Family::v4, Family::v6};

const char* word(Family family) { return family == Family::v4 ? "inet" : "inet6"; }
// A set of lists needs no timeouts, but one that another tool made may have them.
base::Result<void> check(const Description& description, const std::string& name, Family family,
                         bool timeouts) {
  const bool fits = description.timeouts || !timeouts;
  if (description.type == "hash:net" && description.family == word(family) && fits) return {};
  return base::fail(base::Exit::kUnavailable,
                    "use set '" + name + "': it is " + description.type + " " + description.family +
                        (description.timeouts ? "" : " without timeouts") + ", not hash:net " + word(family) +
                        (timeouts ? " with timeouts" : "") + "; destroy it or choose another --set");
}

}  // namespace

IpsetBackend::IpsetBackend(const Options& options, SetClient client, Admin admin, Rules rules)
    : ports_(options.ports),
      names_(options.prefix),
      client_(std::move(client)),
      admin_(std::move(admin)),
      rules_(std::move(rules)),
      lists_(client_, admin_, names_) {}

base::Result<std::unique_ptr<Backend>> IpsetBackend::open(const Options& options) {
  if (base::Result<void> good = check_prefix(options.prefix); !good) return base::failed(good);
  base::Result<SetClient> client = SetClient::open();
  if (!client) return base::failed(client);
  base::Result<Admin> admin = Admin::open();
  if (!admin) return base::failed(admin);
  base::Result<Rules> rules = Rules::open(options.prefix);
  if (!rules) return base::failed(rules);
  return std::unique_ptr<Backend>{
      new IpsetBackend{options, std::move(*client), std::move(*admin), std::move(*rules)}};
}

base::Result<std::vector<std::string>> IpsetBackend::setup(Direction direction, Setup what, bool dry_run) {
  const Lock lock;
  std::vector<std::string> done;
  base::Result<void> made = make_sets(direction, dry_run, done);
  if (made) made = rules_.keep([&] { return plan_rules(direction, what); }, dry_run, done);
  if (!made) return base::failed(made);
  return done;
}

base::Result<void> IpsetBackend::make_sets(Direction direction, bool dry_run,
                                           std::vector<std::string>& done) {
  for (const Family family : kFamilies) {
    const std::string& name = names_.of({family, direction});
    base::Result<bool> there = client_.exists(name);
    if (!there) return base::failed(there);
    if (*there) {
      base::Result<Description> description = admin_.describe(name);
      if (!description) return base::failed(description);
      if (base::Result<void> fits = check(*description, name, family, true); !fits) return fits;
      continue;
    }
    done.push_back("create set '" + name + "'");
    if (dry_run) continue;
    const std::uint32_t slots = direction == Direction::in ? kSlotsIn : kSlotsOut;
    if (base::Result<void> created = admin_.create(name, {.family = family, .slots = slots}); !created)
      return created;
    note_made_set(direction);
  }
  return {};
}

base::Result<std::vector<SetRef>> IpsetBackend::list_refs(SetKey key) {
  base::Result<std::vector<ListKey>> lists = lists_.all();
  if (!lists) return base::failed(lists);
  std::vector<SetRef> refs;
  for (const ListKey& list : *lists) {
    if (list.direction != key.direction) continue;
    base::Result<std::optional<std::uint16_t>> index = set_index(names_.of(list, key.family));
    if (!index) return base::failed(index);
    if (*index) refs.emplace_back(**index);
  }
  return refs;
}

base::Result<std::vector<ChainOrder>> IpsetBackend::plan_rules(Direction direction, Setup what) {
  std::vector<ChainOrder> orders;
  for (const Family family : kFamilies) {
    const SetKey key{family, direction};
    base::Result<std::optional<std::uint16_t>> bans = set_index(names_.of(key));
    if (!bans) return base::failed(bans);
    base::Result<std::vector<SetRef>> lists = list_refs(key);
    if (!lists) return base::failed(lists);
    base::Result<ChainState> state = rules_.look(key);
    if (!state) return base::failed(state);
    ChainPlan plan{.key = key, .bans = {}, .ports = ports_.of(direction), .lists = std::move(*lists)};
    if (*bans) plan.bans.emplace_back(**bans);
    std::optional<ChainOrder> order = plan_chain(*state, plan, what);
    if (order) orders.push_back(std::move(*order));
  }
  return orders;
}

// A running `ipban apply` that sees a rule go must not put it back while its set is still there, which then
// could not be destroyed.
base::Result<std::vector<std::string>> IpsetBackend::teardown(bool dry_run) {
  const Lock lock;
  base::Result<std::vector<std::string>> done = rules_.remove_tables(dry_run);
  if (!done) return done;
  base::Result<std::vector<std::string>> sets = own_sets();
  if (!sets) return base::failed(sets);
  for (const std::string& name : *sets) {
    if (!dry_run) {
      if (base::Result<void> destroyed = destroy_set(name); !destroyed) return base::failed(destroyed);
    }
    done->push_back("destroy set '" + name + "'");
  }
  return done;
}

base::Result<std::vector<std::string>> IpsetBackend::own_sets() {
  std::vector<std::string> own;
  base::Result<std::vector<std::string>> sets = client_.names();
  if (!sets) return sets;
  for (const SetKey key : kAllKeys) {
    if (std::ranges::count(*sets, names_.of(key)) > 0) own.push_back(names_.of(key));
  }
  for (const std::string& set : *sets) {
    const std::optional<Names::ListSet> of_list = names_.list_of(set.substr(0, set.find('+')));
    if (of_list &&
        (set.find('+') == std::string::npos || set == filling(names_.of(of_list->list, of_list->family))))
      own.push_back(set);
  }
  return own;
}

base::Result<void> IpsetBackend::destroy_set(const std::string& name) {
  // The kernel lets go of a set some time after the rule that used it is gone, when all readers have passed.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
  for (;;) {
    base::Result<Description> description = admin_.describe(name);
    if (!description) return base::failed(description);
    if (description->references == 0 || std::chrono::steady_clock::now() > deadline)
      return admin_.destroy(name);
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

base::Result<Change> IpsetBackend::load(const ListKey& list, std::span<const ip::Prefix> prefixes,
                                        bool dry_run) {
  if (base::Result<void> good = names_.check_list(list.name); !good) return base::failed(good);
  if (dry_run) return lists_.compare(list, prefixes);
  std::vector<Family> fresh;
  base::Result<void> made = lists_.make(list, prefixes, fresh);
  std::vector<std::string> done;
  if (made) made = make_sets(list.direction, false, done);
  if (made) made = rules_.keep([&] { return plan_rules(list.direction, Setup::missing); }, false, done);
  base::Result<Change> change = made ? lists_.replace(list, prefixes) : base::failed(made);
  if (!change) take_back(list, fresh);
  return change;
}

// A list that could not be loaded is not there, rather than empty: who asks is told so. What went wrong first
// is what is told.
void IpsetBackend::take_back(const ListKey& list, const std::vector<Family>& fresh) {
  const Lock lock;
  for (const Family family : fresh) {
    base::Result<Description> description = admin_.describe(names_.of(list, family));
    if (description && description->entries == 0) (void)destroy_list_set(list, family, false);
  }
}

base::Result<bool> IpsetBackend::unload(const ListKey& list, bool dry_run) {
  const Lock lock;  // see teardown()
  bool any = false;
  for (const Family family : kFamilies) {
    if (base::Result<void> cleared = dry_run ? base::Result<void>{} : lists_.clear_away(list, family);
        !cleared)
      return base::failed(cleared);
    base::Result<bool> gone = destroy_list_set(list, family, dry_run);
    if (!gone) return gone;
    any = any || *gone;
  }
  return any;
}

base::Result<bool> IpsetBackend::destroy_list_set(const ListKey& list, Family family, bool dry_run) {
  const std::string set = names_.of(list, family);
  base::Result<std::optional<std::uint16_t>> index = set_index(set);
  if (!index) return base::failed(index);
  if (!*index) return false;
  if (dry_run) return true;
  base::Result<bool> removed = rules_.remove({family, list.direction}, **index);
  if (!removed) return removed;
  if (base::Result<void> destroyed = destroy_set(set); !destroyed) return base::failed(destroyed);
  return true;
}

base::Result<ListState> IpsetBackend::status(const ListKey& list) {
  ListState states{.key = list, .families = {}};
  for (const Family family : kFamilies) {
    const SetKey key{family, list.direction};
    base::Result<SetState> state = state_of(key, names_.of(list, family), false);
    if (!state) return base::failed(state);
    if (!state->exists) state->faults.clear();  // the list has nothing of this family
    states.families[family == Family::v4 ? 0 : 1] = std::move(*state);
  }
  return states;
}

base::Result<std::vector<SetState>> IpsetBackend::status() {
  std::vector<SetState> states;
  for (const SetKey key : kAllKeys) {
    base::Result<SetState> state = state_of(key, names_.of(key), true);
    if (!state) return base::failed(state);
    states.push_back(std::move(*state));
  }
  return states;
}

base::Result<SetState> IpsetBackend::state_of(SetKey key, const std::string& name, bool timeouts) {
  SetState state{.key = key, .name = name};
  base::Result<bool> there = client_.exists(state.name);
  if (!there) return base::failed(there);
  base::Result<ChainState> chain = rules_.look(key);
  if (!chain) return base::failed(chain);
  state.exists = *there;
  if (!*there && !chain->chain && timeouts && key.direction == Direction::out) return state;
  std::optional<std::uint16_t> index;
  if (*there) {
    base::Result<Description> description = admin_.describe(state.name);
    if (!description) return base::failed(description);
    state.entries = description->entries;
    state.maximum = description->maximum;
    state.bytes = description->bytes;
    if (base::Result<void> fits = check(*description, state.name, key.family, timeouts); !fits)
      state.faults.push_back(fits.error().text);
    base::Result<std::optional<std::uint16_t>> found = set_index(state.name);
    if (!found) return base::failed(found);
    index = *found;
  } else {
    state.faults.emplace_back("the set is missing");
  }
  for (std::string& fault : chain_faults(*chain, key, index)) state.faults.push_back(std::move(fault));
  if (index) count_rules(*chain, *index, state);
  return state;
}

}  // namespace xlimit::sets
