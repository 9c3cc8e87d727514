// SPDX-License-Identifier: MIT
// Who was seen where: users, addresses, and the places that join them. Knows no rule.
//
// A place is one user at one group of addresses. It hangs in two lists: its user's, and its address's (that
// tells how many users an address has). Users hang in one more, by when they were last seen, so that the one
// idle longest is at hand.
//
// A million users at two addresses each must fit into 250 MB and be judged in less than a microsecond, while
// a wait for memory takes a fifth of one. So a user, his name and his first two places are one record, found
// by two waits; nothing else is touched unless the address has become crowded.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ip/address.h"
#include "session/hash.h"
#include "session/lookup.h"
#include "session/names.h"
#include "session/pool.h"
#include "session/trail.h"

namespace xlimit::session {

using base::Time;

struct Place {
  Time last;            // newest line
  Time first;           // when it became active
  ip::Address address;  // the newest of the group
  Index next_of_user = kNone;
  Index next_here = kNone, previous_here = kNone;  // places at the same address
  Trail trail;                                     // where its newest connections came from
  std::uint8_t tag = 0;        // of its group: most others can be told apart without their addresses
  bool confirmed : 1 = false;  // proven by a connection
  bool crowded : 1 = false;    // so many are at this address that they are worth counting
  bool exempt : 1 = false;     // counts for nothing
  bool gateway : 1 = false;    // one at the newest line of its group: counts for nothing either
  bool used : 1 = false;       // false: nobody's
};

class Table {
 public:
  // So many places at one address make it crowded; 0: none is.
  explicit Table(std::uint32_t crowd);
  // The seed is this table's address, so it stays where it is.
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // A line of this user comes soon: what find_user() first reads is asked for now, and the rest at the next
  // call.
  void expect(std::string_view name);
  // The user of this name, added when new, and now the one seen last.
  Index touch_user(std::string_view name);
  // The same as what was the `seen`-th touch of all; the order of the users is wrong until order_users().
  Index restore_user(std::string_view name, std::uint64_t seen);
  void order_users();
  // kNone when there is none.
  Index find_user(std::string_view name) const;
  std::string_view name(Index index) const;
  std::size_t users() const { return users_.size(); }
  // Users are numbered below this; some numbers are nobody's.
  Index end() const { return users_.end(); }
  bool exists(Index user) const { return users_[user].length > 0; }
  // Which of all touches his last one was.
  std::uint64_t seen(Index user) const { return users_[user].seen; }
  // The user seen longest ago; kNone when there is none.
  Index idlest_user() const;
  void remove_user(Index user);

  // The user's time, and the newest stamp of his lines; the epoch for a new one.
  struct Times {
    Time newest, stamp;
  };
  const Times& times(Index user) const { return users_[user].times; }
  void set_times(Index user, const Times& times) { users_[user].times = times; }

  // A limit remembered for the user, and of which version of the limits it is; 0 for none.
  struct Limit {
    std::uint32_t limit = 0;
    std::uint32_t version = 0;
  };
  Limit& limit(Index user) { return users_[user].limit; }

  // Remembers from now on who changes. Then take_changed() gives those since the last time, each once.
  void watch_changes() { watched_ = true; }
  std::size_t changed() const { return changed_.size(); }
  std::vector<Index> take_changed();

  // The user's newest place; the older ones by next_of_user.
  Index places(Index user) const { return users_[user].places; }
  Index add_place(Index user, const ip::Address& address, Time at);
  // The place is now at another address of its group: what was known of the old one is forgotten.
  void move_place(Index index, const ip::Address& address);
  void remove_place(Index index);
  Place& place(Index index) { return is_own(index) ? own(index) : spares_[index - kFirstSpare].place; }
  const Place& place(Index index) const { return const_cast<Table*>(this)->place(index); }
  Index user_of(Index place) const {
    return is_own(place) ? place / kOwnPlaces : spares_[place - kFirstSpare].user;
  }

  // Places of users who were seen before this time only may be removed where they are in the way.
  void forget_before(Time time) { forgotten_before_ = time; }
  // Are the users whose place at this place's address counts and is still active (last + window > now) a
  // crowd? Never for one that is exempt. Places that are idle for long are removed on the way, so that it
  // does not take ever longer.
  bool is_crowded(Index index, Time now, std::chrono::seconds window);
  // Would they be with one more, who has no place there? Removes idle places too.
  bool would_be_crowded(const ip::Address& address, Time now, std::chrono::seconds window);

 private:
  // Places are numbered through: those inside of users, and behind kFirstSpare the rest.
  static constexpr Index kOwnPlaces = 2;
  static constexpr Index kFirstSpare = Index{1} << 31;

  static constexpr std::size_t kShortName = 40;
  // Three cache lines; what is wanted of one at a single place lies in the first two.
  struct alignas(64) User {
    Times times;
    Index places = kNone;
    std::uint16_t length = 0;  // of the name; 0: nobody's
    bool changed = false;      // and in changed_
    union {
      std::array<char, kShortName> short_name{};
      std::uint32_t long_name;  // in names_
    };
    std::array<Place, kOwnPlaces> own;
    Limit limit;
    std::uint64_t seen = 0;
  };
  // Users in the order of being seen. Apart, because moving one to the front writes to his neighbours: eight
  // bytes each lie closer together than their records.
  struct Links {
    Index newer = kNone, older = kNone;
  };
  struct Spare {
    Place place;
    Index user = kNone;
  };

  static bool is_own(Index place) { return place < kFirstSpare; }
  Place& own(Index place) { return users_[place / kOwnPlaces].own[place % kOwnPlaces]; }
  Index find_user(std::string_view name, std::uint32_t hash) const;
  void prefetch(Index user) const;
  Index find_or_add(std::string_view name);
  void set_name(User& user, std::string_view name);
  void note_change(Index user);
  void link_user(Index user);
  void unlink_user(Index user);
  void postpone(Index user);
  void settle();
  Index new_place(Index user);
  std::uint32_t hash_of(const ip::Address& address) const;
  Index first_at(const ip::Address& address, std::uint32_t hash) const;
  void enter(Index index, const ip::Address& address);
  void leave(Index index);
  void mark_crowd(Index first);
  std::uint32_t sweep_and_count(Index here, Index counted, Time now, std::chrono::seconds window);

  std::uint32_t crowd_;
  Time forgotten_before_;
  Hash hash_;
  std::uint64_t touches_ = 0;
  bool watched_ = false;
  std::vector<Index> changed_;
  Names names_;
  Pool<User> users_;
  std::vector<Links, base::HugeAllocator<Links>> links_;  // by user
  Pool<Spare> spares_;
  Index oldest_ = kNone, newest_ = kNone;
  Index late_ = kNone;          // seen last, but not moved to the front yet
  std::uint32_t expected_ = 0;  // hash of a name
  Lookup by_name_;
  Lookup by_address_;  // the first place at each address
};

}  // namespace xlimit::session
