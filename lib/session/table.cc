// SPDX-License-Identifier: MIT
// The lists and the two indexes.
#include "session/table.h"

namespace xlimit::session {

static_assert(sizeof(Place) <= 48, "a million users at two addresses must fit into 250 MB");

Table::Table() : by_name_(0, ByName{this}, ByName{this}), by_address_(0, ByAddress{this}, ByAddress{this}) {}

// A look-up is a chain of waits for memory, so what is wanted next is asked for early: here, beside the name.
void Table::fetch_places(Index user) const {
  if (const Index place = users_[user].places; place != kNone) __builtin_prefetch(&places_[place]);
}

void Table::fetch_around(Index place) const {
  const Place& here = places_[place];
  if (here.next_of_user != kNone) __builtin_prefetch(&places_[here.next_of_user]);
  __builtin_prefetch(&addresses_[here.address]);
}

std::string_view Table::name(Index user) const { return names_.text(users_[user].name, users_[user].length); }

Index Table::find_user(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNone : *found;
}

Index Table::touch_user(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    const Index user = *found;
    if (user != newest_) {
      unlink_user(user);
      link_user(user);
    }
    return user;
  }
  User added;
  added.name = names_.add(name);
  added.length = static_cast<std::uint32_t>(name.size());
  const Index user = users_.add(added);
  neighbours_.add({});
  by_name_.insert(user);
  link_user(user);
  return user;
}

void Table::link_user(Index user) {
  neighbours_[user] = {.newer = kNone, .older = newest_};
  (newest_ == kNone ? oldest_ : neighbours_[newest_].newer) = user;
  newest_ = user;
}

void Table::unlink_user(Index user) {
  const Neighbours gone = neighbours_[user];
  (gone.newer == kNone ? newest_ : neighbours_[gone.newer].older) = gone.older;
  (gone.older == kNone ? oldest_ : neighbours_[gone.older].newer) = gone.newer;
}

void Table::remove_user(Index user) {
  while (users_[user].places != kNone) remove_place(users_[user].places);
  unlink_user(user);
  by_name_.erase(user);
  names_.remove(users_[user].name, users_[user].length);
  users_.remove(user);
  neighbours_.remove(user);
}

Index Table::add_place(Index user, const ip::Address& address, Time at) {
  Place added;
  added.last = added.first = at;
  added.user = user;
  added.next_of_user = users_[user].places;
  const Index place = places_.add(added);
  users_[user].places = place;
  enter(place, address);
  return place;
}

void Table::move_place(Index place, const ip::Address& address) {
  leave(place);
  enter(place, address);
  places_[place].trail = {};
  places_[place].confirmed = false;
}

void Table::remove_place(Index place) {
  leave(place);
  Index* link = &users_[places_[place].user].places;
  while (*link != place) link = &places_[*link].next_of_user;
  *link = places_[place].next_of_user;
  places_.remove(place);
}

// Puts the place into its address's list; the address is added when nobody was there.
void Table::enter(Index place, const ip::Address& address) {
  Index at = kNone;
  if (const auto found = by_address_.find(address); found != by_address_.end()) {
    at = *found;
  } else {
    At added;
    added.address = address;
    at = addresses_.add(added);
    by_address_.insert(at);
  }
  Place& entering = places_[place];
  entering.address = at;
  entering.previous_here = kNone;
  entering.next_here = addresses_[at].places;
  if (entering.next_here != kNone) places_[entering.next_here].previous_here = place;
  addresses_[at].places = place;
  ++addresses_[at].count;
}

// Takes the place out of its address's list; an address with nobody left goes.
void Table::leave(Index place) {
  const Place& leaving = places_[place];
  At& at = addresses_[leaving.address];
  (leaving.previous_here == kNone ? at.places : places_[leaving.previous_here].next_here) = leaving.next_here;
  if (leaving.next_here != kNone) places_[leaving.next_here].previous_here = leaving.previous_here;
  if (--at.count > 0) return;
  by_address_.erase(leaving.address);
  addresses_.remove(leaving.address);
}

std::uint32_t Table::users_at(Index place, Time now, std::chrono::seconds window, std::uint32_t most) {
  const At& at = addresses_[places_[place].address];
  if (at.count < most) return at.count;
  std::uint32_t active = 0;
  for (Index here = at.places; here != kNone && active < most;) {
    const Index next = places_[here].next_here;
    const bool idle = here != place && places_[here].last + window <= now;
    if (idle) remove_place(here);
    if (!idle) ++active;
    here = next;
  }
  return active;
}

}  // namespace xlimit::session
