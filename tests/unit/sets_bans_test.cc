// SPDX-License-Identifier: MIT
// Bans never get shorter, on a backend that is only a map and may misbehave as a kernel does.
#include "sets/bans.h"

#include <doctest/doctest.h>

#include <map>

#include "sets/admin.h"
#include "sets/rules.h"

using namespace xlimit;
using namespace std::chrono_literals;
using event::BanResult;
using sets::Direction;

namespace {

// Sets that are maps from a target to the seconds it has left.
class FakeStore final : public sets::BanStore {
 public:
  const std::string& name_of(sets::SetKey key) const override { return names_.of(key); }
  base::Result<std::vector<std::string>> setup(Direction direction, sets::Setup, bool) override {
    ++setups;
    for (const sets::Family family : {sets::Family::v4, sets::Family::v6})
      (void)held[name_of({family, direction})];
    return std::vector<std::string>{};
  }
  base::Result<void> execute(std::span<const sets::Order> orders, std::span<sets::Answer> answers) override {
    for (std::size_t i = 0; i < orders.size(); ++i) answers[i] = answer(orders[i]);
    return {};
  }
  base::Result<bool> list(sets::SetKey key,
                          const std::function<void(const sets::Entry&)>& on_entry) override {
    ++listings;
    const auto found = held.find(name_of(key));
    if (found == held.end()) return false;
    const auto copy = found->second;
    if (vanish_before_listing) found->second.clear();
    vanish_before_listing = false;
    if (!found->second.empty())
      for (const auto& [target, left] : copy) on_entry({target, left});
    return true;
  }

  std::map<std::string, std::map<ip::Prefix, std::chrono::seconds>> held;
  std::size_t room = 100;
  int setups = 0, listings = 0;
  bool vanish_before_listing = false;

 private:
  sets::Answer answer(const sets::Order& order) {
    const auto found = held.find(name_of(order.key()));
    if (found == held.end()) return {sets::Outcome::no_set, ENOENT};
    auto& members = found->second;
    const bool there = members.contains(order.entry.target);
    if (order.action == sets::Action::remove) {
      if (!there) return {sets::Outcome::absent, 4103};
      members.erase(order.entry.target);
      return {sets::Outcome::done, 0};
    }
    if (there && order.action == sets::Action::insert) return {sets::Outcome::exists, 4103};
    if (!there && members.size() >= room) return {sets::Outcome::full, 4352};
    members[order.entry.target] = order.entry.timeout;
    return {sets::Outcome::done, 0};
  }

  sets::Names names_{"t"};
};

ip::Prefix prefix(std::string_view text) { return ip::parse_prefix(text).value(); }

sets::Order order(std::string_view target, std::chrono::seconds timeout,
                  Direction direction = Direction::in) {
  return {.direction = direction, .entry = {prefix(target), timeout}};
}

std::vector<sets::Verdict> ban(FakeStore& store, const std::vector<sets::Order>& orders) {
  sets::Bans bans{store};
  std::vector<sets::Verdict> verdicts(orders.size());
  REQUIRE(bans.ban(orders, verdicts).has_value());
  return verdicts;
}

}  // namespace

TEST_CASE("a new ban is added, without a look at what the set holds") {
  FakeStore store;
  (void)store.setup(Direction::in, sets::Setup::missing, false);
  const auto verdicts = ban(store, {order("192.0.2.1", 60s), order("2001:db8::/64", 0s)});
  CHECK(verdicts[0].done);
  CHECK(verdicts[0].result == BanResult::added);
  CHECK(verdicts[1].result == BanResult::added);
  CHECK(store.listings == 0);
  CHECK(store.held["t6"][prefix("2001:db8::/64")] == 0s);
}

TEST_CASE("a longer ban extends, a shorter or equal one leaves what is there") {
  FakeStore store;
  store.held["t4"] = {{prefix("192.0.2.1"), 60s}, {prefix("192.0.2.2"), 60s}, {prefix("192.0.2.3"), 60s}};
  const auto verdicts =
      ban(store, {order("192.0.2.1", 61s), order("192.0.2.2", 60s), order("192.0.2.3", 5s)});
  CHECK(verdicts[0].result == BanResult::extended);
  CHECK(verdicts[1].result == BanResult::present);
  CHECK(verdicts[2].result == BanResult::present);
  CHECK(store.held["t4"][prefix("192.0.2.1")] == 61s);
  CHECK(store.held["t4"][prefix("192.0.2.3")] == 60s);
}

TEST_CASE("permanent is longer than anything, and nothing is longer than permanent") {
  FakeStore store;
  store.held["t4"] = {{prefix("192.0.2.1"), 60s}, {prefix("192.0.2.2"), 0s}};
  const auto verdicts =
      ban(store, {order("192.0.2.1", 0s), order("192.0.2.2", 2147483s), order("192.0.2.2", 0s)});
  CHECK(verdicts[0].result == BanResult::extended);
  CHECK(verdicts[1].result == BanResult::present);
  CHECK(verdicts[2].result == BanResult::present);
  CHECK(store.held["t4"][prefix("192.0.2.2")] == 0s);
}

TEST_CASE("all that is there already costs one listing of each set") {
  FakeStore store;
  std::vector<sets::Order> orders;
  for (int i = 1; i <= 50; ++i) {
    orders.push_back(order("192.0.2." + std::to_string(i), 60s));
    store.held["t4"][orders.back().entry.target] = 10s;
  }
  for (const sets::Verdict& verdict : ban(store, orders)) CHECK(verdict.result == BanResult::extended);
  CHECK(store.listings == 1);
}

TEST_CASE("the same target twice in a batch keeps the longer of both") {
  FakeStore store;
  store.held["t4"] = {{prefix("192.0.2.1"), 10s}};
  const auto verdicts =
      ban(store, {order("192.0.2.1", 60s), order("192.0.2.1", 30s), order("192.0.2.1", 90s)});
  CHECK(verdicts[0].result == BanResult::extended);
  CHECK(verdicts[1].result == BanResult::present);
  CHECK(verdicts[2].result == BanResult::extended);
  CHECK(store.held["t4"][prefix("192.0.2.1")] == 90s);
}

TEST_CASE("a wider prefix that is banned is another entry") {
  FakeStore store;
  store.held["t4"] = {{prefix("192.0.2.0/24"), 0s}};
  CHECK(ban(store, {order("192.0.2.1", 60s)})[0].result == BanResult::added);
}

TEST_CASE("a set that went away is put back, and the ban tried again") {
  FakeStore store;
  const auto verdicts = ban(store, {order("192.0.2.1", 60s), order("192.0.2.2", 60s, Direction::out)});
  CHECK(verdicts[0].done);
  CHECK(verdicts[1].done);
  CHECK(store.setups == 2);
  CHECK(store.held["t4out"].size() == 1);
}

TEST_CASE("a ban that runs out between asking and listing is added anew") {
  FakeStore store;
  store.held["t4"] = {{prefix("192.0.2.1"), 1s}};
  store.vanish_before_listing = true;
  const auto verdicts = ban(store, {order("192.0.2.1", 60s)});
  CHECK(verdicts[0].done);
  CHECK(verdicts[0].result == BanResult::added);
  CHECK(store.held["t4"][prefix("192.0.2.1")] == 60s);
}

TEST_CASE("what does not fit into a full set is said, the others are banned") {
  FakeStore store;
  store.held["t4"] = {{prefix("192.0.2.1"), 1s}};
  store.room = 2;
  const auto verdicts =
      ban(store, {order("192.0.2.2", 60s), order("192.0.2.3", 60s), order("192.0.2.1", 60s)});
  CHECK(verdicts[0].done);
  CHECK_FALSE(verdicts[1].done);
  CHECK(verdicts[1].why == "set 't4' is full");
  CHECK(verdicts[2].result == BanResult::extended);
}

TEST_CASE("a ban that is lifted was there or not; without a set nobody is banned") {
  FakeStore store;
  store.held["t4"] = {{prefix("192.0.2.1"), 1s}};
  sets::Bans bans{store};
  const std::vector<sets::Order> orders{order("192.0.2.1", 0s), order("192.0.2.2", 0s),
                                        order("2001:db8::1", 0s)};
  std::vector<sets::Verdict> verdicts(orders.size());
  REQUIRE(bans.unban(orders, verdicts).has_value());
  for (const sets::Verdict& verdict : verdicts) CHECK(verdict.done);
  CHECK(verdicts[0].was_present);
  CHECK_FALSE(verdicts[1].was_present);
  CHECK_FALSE(verdicts[2].was_present);
  CHECK(store.setups == 0);
}

TEST_CASE("names of sets begin with the prefix, which is checked") {
  const sets::Names names{"limiter"};
  CHECK(names.of({sets::Family::v4, Direction::in}) == "limiter4");
  CHECK(names.of({sets::Family::v6, Direction::out}) == "limiter6out");
  CHECK(sets::check_prefix("xlimit").has_value());
  CHECK(sets::check_prefix("A-b_9").has_value());
  for (const char* bad : {"", "4x", "x y", "x;y", "x\"", "abcdefghijklmnopqrstuvwxy", "-x", "ü"})
    CHECK_MESSAGE(!sets::check_prefix(bad).has_value(), bad);
}

TEST_CASE("ports are each given once, and are no more than the rules can bear") {
  CHECK(sets::check_ports({}).has_value());
  CHECK(sets::check_ports(std::vector<std::uint16_t>{443, 8443}).has_value());
  CHECK_FALSE(sets::check_ports(std::vector<std::uint16_t>{443, 443}).has_value());
  CHECK_FALSE(sets::check_ports(std::vector<std::uint16_t>{0}).has_value());
  std::vector<std::uint16_t> many(129);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::uint16_t>(i + 1);
  CHECK_FALSE(sets::check_ports(many).has_value());
}

TEST_CASE("libipset's description of a set is read line by line") {
  const auto description = sets::parse_description(
      "Name: xlimit4\nType: hash:net\nRevision: 7\nHeader: family inet hashsize 65536 maxelem 1048576 "
      "timeout 0 "
      "bucketsize 12 initval 0x68f11024\nSize in memory: 1968\nReferences: 1\nNumber of entries: 3\n");
  REQUIRE(description.has_value());
  CHECK(*description == sets::Description{.type = "hash:net",
                                          .family = "inet",
                                          .timeouts = true,
                                          .maximum = 1048576,
                                          .entries = 3,
                                          .bytes = 1968,
                                          .references = 1});
  const auto other =
      sets::parse_description("Type: hash:ip\nHeader: family inet hashsize 1024 maxelem 65536");
  REQUIRE(other.has_value());
  CHECK_FALSE(other->timeouts);
  CHECK_FALSE(sets::parse_description("").has_value());
}

TEST_CASE("a chain's faults: missing, misplaced, without our rule, behind a foreign one") {
  const sets::SetKey key;
  const sets::SeenRule ours{.rule = sets::Rule{.set = 7}};
  const auto faults = [&](const sets::ChainState& state) { return sets::chain_faults(state, key, 7); };
  const sets::SeenChain right = sets::wanted_chain(Direction::in);
  sets::SeenChain late = right;
  late.priority = 0;
  CHECK(faults({right, {ours}}).empty());
  const sets::SeenRule foreign{.rule = {}, .lets_by = true};
  CHECK(faults({right, {ours, foreign}}).empty());
  CHECK(faults({right, {{}, ours}}).empty());
  CHECK(faults({{}, {}}).size() == 1);
  CHECK(faults({late, {ours}}).size() == 1);
  CHECK(faults({right, {}}).size() == 1);
  CHECK(faults({right, {foreign, ours}}).size() == 1);
  CHECK(faults({right, {ours}, true}).size() == 1);
  CHECK(sets::chain_faults({right, {ours}}, key, 8).size() == 1);
  CHECK(sets::chain_faults({right, {ours}}, key, {}).size() == 1);
}
