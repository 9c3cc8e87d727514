// SPDX-License-Identifier: MIT
// The lists and the two look-ups.
#include "session/table.h"

#include <algorithm>
#include <cassert>

namespace xlimit::session {

static_assert(sizeof(Place) <= 56, "a million users at two addresses must fit into 250 MB");

namespace {

constexpr std::chrono::minutes kClocksDiffer{1};

}  // namespace

Table::Table(std::uint32_t crowd) : crowd_(crowd), hash_(reinterpret_cast<std::uintptr_t>(this)) {
  static_assert(sizeof(User) == 192, "three cache lines");
}

std::string_view Table::name(Index index) const {
  const User& user = users_[index];
  if (user.length > kShortName) return names_.text(user.long_name, user.length);
  return {user.short_name.data(), user.length};
}

void Table::set_name(User& user, std::string_view name) {
  user.length = static_cast<std::uint16_t>(name.size());
  if (name.size() > kShortName)
    user.long_name = names_.add(name);
  else
    name.copy(user.short_name.data(), name.size());
}

Index Table::find_user(std::string_view name, std::uint32_t hash) const {
  return by_name_.find(hash, [&](Index candidate) {
    prefetch(candidate);
    return this->name(candidate) == name;
  });
}

// All of the record is asked for at once, and not only when its first line has come.
void Table::prefetch(Index user) const {
  const char* record = reinterpret_cast<const char*>(&users_[user]);
  for (std::size_t line = 0; line < sizeof(User); line += 64) base::prefetch(record + line);
  base::prefetch(&links_[user]);
}

void Table::expect(std::string_view name) {
  const Index before = by_name_.guess(expected_);
  if (before != kNone) prefetch(before);
  expected_ = hash_(name);
  by_name_.prefetch(expected_);
}

Index Table::find_user(std::string_view name) const { return find_user(name, hash_(name)); }

Index Table::find_or_add(std::string_view name) {
  assert(!name.empty());
  const std::uint32_t hash = hash_(name);
  Index user = find_user(name, hash);
  if (user != kNone) return user;
  settle();
  user = users_.add({});
  if (user >= links_.size()) links_.resize(user + 1);
  set_name(users_[user], name);
  by_name_.add(hash, user);
  link_user(user);
  return user;
}

Index Table::touch_user(std::string_view name) {
  const Index user = find_or_add(name);
  if (user != late_) {
    settle();
    postpone(user);
  }
  users_[user].seen = ++touches_;
  note_change(user);
  return user;
}

Index Table::restore_user(std::string_view name, std::uint64_t seen) {
  const Index user = find_or_add(name);
  users_[user].seen = seen;
  touches_ = std::max(touches_, seen);
  return user;
}

void Table::order_users() {
  settle();
  std::vector<Index> order;
  order.reserve(users());
  for (Index user = 0; user < end(); ++user) {
    if (exists(user)) order.push_back(user);
  }
  std::sort(order.begin(), order.end(), [this](Index a, Index b) { return seen(a) < seen(b); });
  oldest_ = newest_ = kNone;
  for (const Index user : order) link_user(user);
}

void Table::note_change(Index user) {
  if (!watched_ || users_[user].changed) return;
  users_[user].changed = true;
  changed_.push_back(user);
}

std::vector<Index> Table::take_changed() {
  std::vector<Index> changed = std::exchange(changed_, {});
  // Who is gone since, or came to the number of one who is.
  std::erase_if(changed, [this](Index user) { return !std::exchange(users_[user].changed, false); });
  return changed;
}

// The user is to move to the front. That writes to his neighbours, at whom nobody has looked for long: it is
// done when the next user comes, and the wait for them is over.
void Table::postpone(Index user) {
  if (user == newest_) return;
  late_ = user;
  for (const Index neighbour : {links_[user].newer, links_[user].older}) {
    if (neighbour != kNone) base::prefetch(&links_[neighbour]);
  }
}

void Table::settle() {
  if (late_ == kNone) return;
  unlink_user(late_);
  link_user(std::exchange(late_, kNone));
}

Index Table::idlest_user() const {
  return oldest_ == late_ && oldest_ != kNone ? links_[late_].newer : oldest_;
}

void Table::link_user(Index user) {
  links_[user].newer = kNone;
  links_[user].older = newest_;
  (newest_ == kNone ? oldest_ : links_[newest_].newer) = user;
  newest_ = user;
}

void Table::unlink_user(Index user) {
  const Index newer = links_[user].newer, older = links_[user].older;
  (newer == kNone ? newest_ : links_[newer].older) = older;
  (older == kNone ? oldest_ : links_[older].newer) = newer;
}

void Table::remove_user(Index user) {
  settle();
  while (users_[user].places != kNone) remove_place(users_[user].places);
  unlink_user(user);
  by_name_.remove(hash_(name(user)), user);
  if (users_[user].length > kShortName) names_.remove(users_[user].long_name, users_[user].length);
  users_[user].length = 0;
  users_[user].changed = false;
  users_.remove(user);
}

Index Table::new_place(Index user) {
  for (Index i = 0; i < kOwnPlaces; ++i) {
    if (!users_[user].own[i].used) return user * kOwnPlaces + i;
  }
  return kFirstSpare + spares_.add({.place = {}, .user = user});
}

Index Table::add_place(Index user, const ip::Address& address, Time at) {
  const Index index = new_place(user);
  Place& added = place(index) = {};
  added.used = true;
  added.last = added.first = at;
  added.next_of_user = users_[user].places;
  users_[user].places = index;
  enter(index, address);
  return index;
}

void Table::move_place(Index index, const ip::Address& address) {
  leave(index);
  enter(index, address);
  place(index).trail = {};
  place(index).confirmed = false;
}

void Table::remove_place(Index index) {
  note_change(user_of(index));
  leave(index);
  Index* link = &users_[user_of(index)].places;
  while (*link != index) link = &place(*link).next_of_user;
  *link = place(index).next_of_user;
  place(index).used = false;
  if (!is_own(index)) spares_.remove(index - kFirstSpare);
}

std::uint32_t Table::hash_of(const ip::Address& address) const {
  return hash_({reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size()});
}

Index Table::first_at(const ip::Address& address, std::uint32_t hash) const {
  return by_address_.find(hash, [&](Index candidate) { return place(candidate).address == address; });
}

// Puts the place into its address's list, behind the first.
void Table::enter(Index index, const ip::Address& address) {
  const std::uint32_t hash = hash_of(address);
  const Index first = first_at(address, hash);
  Place& entering = place(index);
  entering.address = address;
  entering.crowded = false;
  entering.previous_here = first;
  entering.next_here = kNone;
  if (first == kNone) {
    by_address_.add(hash, index);
  } else {
    entering.next_here = std::exchange(place(first).next_here, index);
    if (entering.next_here != kNone) place(entering.next_here).previous_here = index;
  }
  mark_crowd(first == kNone ? index : first);
}

// Takes the place out of its address's list.
void Table::leave(Index index) {
  const Place& leaving = place(index);
  if (leaving.next_here != kNone) place(leaving.next_here).previous_here = leaving.previous_here;
  if (leaving.previous_here != kNone)
    place(leaving.previous_here).next_here = leaving.next_here;
  else if (leaving.next_here != kNone)
    by_address_.replace(hash_of(leaving.address), index, leaving.next_here);
  else
    by_address_.remove(hash_of(leaving.address), index);
}

// When the list that begins with this place has become a crowd, its places are to know. Where they know it
// already only the one that has just entered, behind the first, does not.
void Table::mark_crowd(Index first) {
  if (crowd_ == 0) return;
  if (place(first).crowded) {
    place(place(first).next_here).crowded = true;
    return;
  }
  std::uint32_t count = 0;
  for (Index here = first; here != kNone; here = place(here).next_here) ++count;
  if (count < crowd_) return;
  for (Index here = first; here != kNone; here = place(here).next_here) place(here).crowded = true;
}

// The active users of an address, from its first place on and no more than make a crowd; places that are over
// for good are removed on the way. `counted` is active whatever its time.
std::uint32_t Table::sweep_and_count(Index here, Index counted, Time now, std::chrono::seconds window) {
  std::uint32_t active = 0;
  while (here != kNone && active < crowd_) {
    const Index next = place(here).next_here;
    const Time end = place(here).last + window;
    // From before its user's clock was set back.
    const bool ahead = place(here).last > now + std::max<std::chrono::seconds>(kClocksDiffer, window);
    if (here == counted || (end > now && !ahead))
      active += place(here).exempt ? 0 : 1;
    else if (end + kClocksDiffer <= forgotten_before_)  // by its own user's clock too
      remove_place(here);
    here = next;
  }
  return active;
}

bool Table::is_crowded(Index index, Time now, std::chrono::seconds window) {
  if (!place(index).crowded || place(index).exempt) return false;
  const ip::Address& address = place(index).address;
  return sweep_and_count(first_at(address, hash_of(address)), index, now, window) >= crowd_;
}

bool Table::would_be_crowded(const ip::Address& address, Time now, std::chrono::seconds window) {
  return crowd_ > 0 && sweep_and_count(first_at(address, hash_of(address)), kNone, now, window) + 1 >= crowd_;
}

}  // namespace xlimit::session
