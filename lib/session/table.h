// SPDX-License-Identifier: MIT
// Who was seen where: users, addresses, and the places that join them. Knows no rule.
//
// A place is one user at one group of addresses. It hangs in two lists: its user's, and its address's (that
// tells how many users an address has). Users hang in one more, by when they were last seen, so that the one
// idle longest is at hand. Records are small and linked by index: a million users at two addresses each must
// fit into 250 MB.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <string_view>

#include "base/time.h"
#include "ip/address.h"
#include "session/names.h"
#include "session/pool.h"
#include "session/trail.h"

namespace xlimit::session {

using base::Time;

struct Place {
  Time last;   // newest line
  Time first;  // when it became active
  Index user = kNone;
  Index address = kNone;  // the newest address of the group
  Index next_of_user = kNone;
  Index next_here = kNone, previous_here = kNone;  // places at the same address
  Trail trail;                                     // where its newest connections came from
  bool confirmed = false;                          // a live connection was seen
  std::uint8_t tag = 0;  // of its group: most others can be told apart without a look at the address
};

class Table {
 public:
  Table();
  // The indexes refer to this table, so it stays where it is.
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // The user of this name, added when new, and now the one seen last.
  Index touch_user(std::string_view name);
  // kNone when there is none.
  Index find_user(std::string_view name) const;
  std::string_view name(Index user) const;
  std::size_t users() const { return users_.size(); }
  // The user seen longest ago; kNone when there is none.
  Index idlest_user() const { return oldest_; }
  // The user seen next after this one; kNone behind the last.
  Index next_user(Index user) const { return neighbours_[user].newer; }
  void remove_user(Index user);

  // The time of the user's newest line; the epoch for a new one.
  Time newest(Index user) const { return users_[user].newest; }
  void set_newest(Index user, Time at) { users_[user].newest = at; }

  // First of the user's places; the rest by next_of_user.
  Index places(Index user) const { return users_[user].places; }
  // Has what hangs on a place brought into the cache while the caller looks at the place itself.
  void fetch_around(Index place) const;
  Index add_place(Index user, const ip::Address& address, Time at);
  // The place is now at another address of its group: what was known of the old one is forgotten.
  void move_place(Index place, const ip::Address& address);
  void remove_place(Index place);
  Place& place(Index index) { return places_[index]; }
  const Place& place(Index index) const { return places_[index]; }
  const ip::Address& address_of(Index place) const { return addresses_[places_[place].address].address; }

  // Counts the users at the place's address whose place is still active (last + window > now), up to `most`;
  // those that are not are removed on the way.
  std::uint32_t users_at(Index place, Time now, std::chrono::seconds window, std::uint32_t most);

 private:
  struct User {
    Time newest;
    std::uint32_t name = 0;
    std::uint32_t length = 0;
    Index places = kNone;
  };
  // Neighbours in the order of being seen. Apart from the rest and small, so that much of it stays in the
  // cache: every line moves a user to the front.
  struct Neighbours {
    Index newer = kNone, older = kNone;
  };
  struct At {
    ip::Address address;
    Index places = kNone;
    std::uint32_t count = 0;
  };
  // Both indexes hold record numbers and look the key up in the record, so that no key is stored twice.
  struct ByName {
    using is_transparent = void;
    const Table* table;
    std::string_view key(Index user) const {
      table->fetch_places(user);
      return table->name(user);
    }
    std::string_view key(std::string_view name) const { return name; }
    std::size_t operator()(const auto& a) const { return std::hash<std::string_view>{}(key(a)); }
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
  };
  struct ByAddress {
    using is_transparent = void;
    const Table* table;
    const ip::Address& key(Index at) const { return table->addresses_[at].address; }
    const ip::Address& key(const ip::Address& address) const { return address; }
    std::size_t operator()(const auto& a) const { return std::hash<ip::Address>{}(key(a)); }
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
  };

  void fetch_places(Index user) const;
  void link_user(Index user);
  void unlink_user(Index user);
  void enter(Index place, const ip::Address& address);
  void leave(Index place);

  template <class By>
  using Set = boost::unordered_flat_set<Index, By, By, base::HugeAllocator<Index>>;

  Names names_;
  Pool<User> users_;
  Pool<Neighbours> neighbours_;  // of the users, by the same index
  Pool<Place> places_;
  Pool<At> addresses_;
  Index oldest_ = kNone, newest_ = kNone;
  Set<ByName> by_name_;
  Set<ByAddress> by_address_;
};

}  // namespace xlimit::session
