// SPDX-License-Identifier: MIT
// The detector's memory against plain models of it, over random histories.
#include "session/table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace xlimit;
using namespace std::chrono_literals;
using session::Index;
using session::kNone;

namespace {

struct Random {
  explicit Random(std::uint32_t seed) : engine(seed) {}
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(engine() % bound); }
  std::mt19937 engine;
};

std::vector<Index> places_of(const session::Table& table, Index user) {
  std::vector<Index> places;
  for (Index place = table.places(user); place != kNone; place = table.place(place).next_of_user)
    places.push_back(place);
  return places;
}

// Few hashes collide all the time; high ones run over the end of the table.
void follow_lookup(std::uint32_t lowest, std::uint32_t hashes) {
  Random random{hashes};
  session::Lookup lookup;
  std::map<Index, std::uint32_t> model;
  for (int round = 0; round < 20000; ++round) {
    const Index record = random.below(700);
    if (const auto known = model.find(record); known != model.end()) {
      lookup.remove(known->second, record);
      model.erase(known);
    } else {
      model[record] = lowest + random.below(hashes);
      lookup.add(model[record], record);
    }
    const Index asked = random.below(700);
    const auto expected = model.find(asked);
    const std::uint32_t hash = expected == model.end() ? lowest : expected->second;
    REQUIRE(lookup.find(hash, [&](Index candidate) { return candidate == asked; }) ==
            (expected == model.end() ? kNone : asked));
  }
  REQUIRE(lookup.size() == model.size());
}

}  // namespace

TEST_CASE("a look-up finds what was added and not removed, whatever the hashes") {
  follow_lookup(0, 3);
  follow_lookup(0, UINT32_MAX);
  follow_lookup(UINT32_MAX - 50, 50);
}

TEST_CASE("an empty look-up finds nothing") {
  CHECK(session::Lookup{}.find(7, [](Index) { return true; }) == kNone);
}

TEST_CASE("names of every length are kept and told apart") {
  session::Table table{8};
  std::vector<Index> users;
  for (std::size_t length = 1; length < 200; ++length)
    users.push_back(table.touch_user(std::string(length, 'x')));
  for (std::size_t length = 1; length < 200; ++length) {
    const std::string name(length, 'x');
    CHECK(table.find_user(name) == users[length - 1]);
    CHECK(table.name(users[length - 1]) == name);
  }
  for (const Index user : users) table.remove_user(user);
  CHECK(table.users() == 0);
  CHECK(table.find_user("x") == kNone);
  CHECK(table.idlest_user() == kNone);
}

namespace {

// What a table should hold, in plain containers.
struct Model {
  explicit Model(std::uint32_t crowd_size) : crowd(crowd_size), table(crowd_size) {}

  // The user's place at this address; kNone when there is none.
  Index at(Index user, std::uint32_t address) const {
    for (const Index place : places_of(table, user)) {
      if (table.place(place).address == ip::Address::v4(address)) return place;
    }
    return kNone;
  }
  void see(const std::string& name, std::uint32_t address, base::Time now) {
    const Index user = table.touch_user(name);
    order.remove(name);
    order.push_back(name);
    if (const Index place = at(user, address); place != kNone)
      table.place(place).last = now;
    else
      table.add_place(user, ip::Address::v4(address), now);
    users[name][address] = now;
  }
  void leave(const std::string& name, std::uint32_t address) {
    if (users[name].erase(address) > 0) table.remove_place(at(table.find_user(name), address));
  }
  void move(const std::string& name, std::uint32_t address, std::uint32_t to) {
    if (!users[name].contains(address) || users[name].contains(to)) return;
    users[name][to] = users[name][address];
    users[name].erase(address);
    table.move_place(at(table.find_user(name), address), ip::Address::v4(to));
  }
  void forget(const std::string& name) {
    table.remove_user(table.find_user(name));
    users.erase(name);
    order.remove(name);
  }

  void check_user(const std::string& name) const {
    const Index user = table.find_user(name);
    REQUIRE(table.name(user) == name);
    const std::vector<Index> held = places_of(table, user);
    const auto& expected = users.at(name);
    REQUIRE(held.size() == expected.size());
    for (const Index place : held) {
      REQUIRE(table.user_of(place) == user);
      REQUIRE(expected.contains(table.place(place).address.v4_value()));
    }
  }
  // Who is forgotten first, to the last.
  void check_order() {
    for (const std::string& name : order) {
      REQUIRE(table.name(table.idlest_user()) == name);
      table.remove_user(table.idlest_user());
    }
    REQUIRE(table.idlest_user() == kNone);
  }
  // Those whose second has passed are no crowd; when a minute has passed too they may be forgotten there.
  void check_crowd(const std::string& name, std::uint32_t address, base::Time now) {
    std::uint32_t active = 0;
    for (const auto& [other, theirs] : users) {
      const auto there = theirs.find(address);
      if (there != theirs.end() && (other == name || there->second + 1s > now)) ++active;
    }
    const Index place = at(table.find_user(name), address);
    REQUIRE(table.is_crowded(place, now, 1s) == (active >= crowd));
    REQUIRE(table.would_be_crowded(ip::Address::v4(address), now, 1s) == (active + 1 >= crowd));
    for (auto& [other, theirs] : users) {
      const auto there = theirs.find(address);
      const bool idle = there != theirs.end() && other != name && there->second + 61s <= now;
      if (idle && at(table.find_user(other), address) == kNone) theirs.erase(there);
    }
  }

  std::uint32_t crowd;
  session::Table table;
  std::map<std::string, std::map<std::uint32_t, base::Time>> users;  // addresses, and when last there
  std::list<std::string> order;                                      // by when last seen
};

}  // namespace

TEST_CASE("users and places through a random history are those of a plain model") {
  Random random{11};
  Model model{4};
  for (int round = 0; round < 30000; ++round) {
    const base::Time now{std::chrono::hours{24 * 365 * 50} + std::chrono::milliseconds{20 * round}};
    const std::string name =
        "user " + std::to_string(random.below(40)) + std::string(random.below(2) * 60, 'l');
    const std::uint32_t address = random.below(12);
    model.see(name, address, now);
    model.check_crowd(name, address, now);
    model.leave(name, random.below(12));
    model.move(name, address, random.below(12));
    model.check_user(name);
    if (random.below(50) == 0) model.forget(name);
    REQUIRE(model.table.users() == model.users.size());
    if (!model.order.empty()) REQUIRE(model.table.name(model.table.idlest_user()) == model.order.front());
  }
  model.check_order();
}

TEST_CASE("without a crowd no address is crowded") {
  session::Table table{0};
  Index place = kNone;
  for (int i = 0; i < 50; ++i)
    place = table.add_place(table.touch_user(std::to_string(i)), ip::Address::v4(1), base::Time{1s});
  CHECK_FALSE(table.is_crowded(place, base::Time{1s}, 5s));
  CHECK_FALSE(table.would_be_crowded(ip::Address::v4(1), base::Time{1s}, 5s));
}

TEST_CASE("who is exempt neither makes a crowd nor is in one") {
  session::Table table{3};
  const ip::Address here = ip::Address::v4(1);
  const auto is_crowded = [&](Index place) { return table.is_crowded(place, base::Time{1s}, 5s); };
  const auto add = [&](const char* user) {
    return table.add_place(table.touch_user(user), here, base::Time{1s});
  };
  const Index exempt = add("exempt"), one = add("one");
  table.place(exempt).exempt = true;
  CHECK_FALSE(table.would_be_crowded(here, base::Time{1s}, 5s));
  const Index two = add("two");
  CHECK_FALSE(is_crowded(two));
  CHECK(table.would_be_crowded(here, base::Time{1s}, 5s));
  const Index three = add("three");
  CHECK(is_crowded(three));
  CHECK(is_crowded(one));
  CHECK_FALSE(is_crowded(exempt));
  CHECK_FALSE(table.would_be_crowded(ip::Address::v4(2), base::Time{1s}, 5s));
}
