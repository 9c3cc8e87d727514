// SPDX-License-Identifier: MIT
// From a line to the state it leaves: who is where, since when. The judgements are in judge.cc.
#include "session/detector.h"

#include <fmt/format.h>

#include <algorithm>

namespace xlimit::session {
namespace {

constexpr std::size_t kMostShared = 10000;  // gateways whose last report is remembered
// A line that is older than its user's newest by no more is out of order; else it is by another clock.
constexpr std::chrono::seconds kDisorder{1};
// Places of one user beyond his limit: every line of his looks at all of them, and forged ones may bring any
// number.
constexpr std::size_t kMostBeyond = 64;

struct Crowd {
  std::size_t count = 0;
  Index idlest = kNone;
};

Crowd count_places(const Table& table, Index user) {
  Crowd crowd;
  for (Index place = table.places(user); place != kNone; place = table.place(place).next_of_user) {
    ++crowd.count;
    if (crowd.idlest == kNone || table.place(place).last < table.place(crowd.idlest).last)
      crowd.idlest = place;
  }
  return crowd;
}

}  // namespace

std::string Group::name(const ip::Prefix& last_seen) const {
  return asn == 0 ? ip::to_string(prefix) : fmt::format("AS{} ({})", asn, ip::to_string(last_seen));
}

Detector::Detector(Policy policy, Evidence evidence, LimitOf limit_of)
    : policy_(std::move(policy)),
      evidence_(std::move(evidence)),
      limit_of_(std::move(limit_of)),
      exempt_users_(policy_.exempt_users.begin(), policy_.exempt_users.end()),
      exempt_nets_(policy_.exempt_nets),
      table_(policy_.shared_limit),
      history_(policy_),
      bursts_(policy_.torrent_rate),
      shared_told_(kMostShared) {}

std::vector<Verdict> Detector::feed(const event::Access& access) {
  verdicts_.clear();
  if (!excuse(access).empty()) return {};
  const Index user = table_.touch_user(access.user);
  watermark_.add(access.at);
  table_.forget_before(watermark_.get());
  const Moment moment = advance(user, access.at);
  const Time now = moment.now;
  expire_places(user, now);
  const Index place = visit(user, access, moment);
  if (!table_.place(place).exempt) {
    ++judged_;
    judge_shared(place, now);
    judge_torrent(access, place, now);
    judge_addresses(user, now);
  }
  forget_idle();
  for (Verdict& verdict : verdicts_) verdict.at = access.at;
  return std::move(verdicts_);
}

std::string_view Detector::excuse(const event::Access& access) const {
  if (access.user.empty()) return "without a user";
  if (!access.ip) return "without an address";
  if (access.status != event::Status::accepted) return "rejected";
  if (access.ip->is_loopback()) return "from loopback";
  if (access.ip->is_unspecified()) return "from nowhere";
  if (!exempt_users_.empty() && exempt_users_.contains(access.user)) return "exempt by --exempt-user";
  return {};
}

const ip::Prefix* Detector::exemption(const ip::Address& address) const {
  return exempt_nets_.overlapping({address, address.is_v4() ? 32U : 128U});
}

std::uint32_t Detector::limit_of(std::string_view user) const {
  return limit_of_ ? limit_of_(user).value_or(policy_.limit) : policy_.limit;
}

// To look it up by name for every line would be to wait for memory twice more.
std::uint32_t Detector::limit_of(Index user) {
  Table::Limit& known = table_.limit(user);
  if (known.version != limits_version_) known = {limit_of(table_.name(user)), limits_version_};
  return known.limit;
}

std::vector<Detector::Held> Detector::held_by(std::string_view user) {
  std::vector<Held> held;
  const Index index = table_.find_user(user);
  if (index == kNone) return held;
  for (const Index place : places_of(index)) {
    const Place& known = table_.place(place);
    if (known.exempt) continue;
    const bool gateway = is_gateway(place, table_.times(index).newest);
    held.push_back({.group = group_of(known.address),
                    .target = target_of(place),
                    .name = gateway ? ip::to_string(target_of(place)) : name_of(place),
                    .first = known.first,
                    .last = known.last,
                    .until = known.last + policy_.window,
                    .gateway = gateway});
  }
  return held;
}

// Any number of lines may have the same stamp, so it is stamps that tell disorder, and the user's time that
// tells who came after whom. Out of order a place was seen no later than the line says, which is what tells a
// handover from sharing.
Detector::Moment Detector::advance(Index user, Time at) {
  const auto [newest, stamp] = table_.times(user);
  if (at + std::max<std::chrono::seconds>(kClockStep, policy_.window) < stamp) {
    while (table_.places(user) != kNone) table_.remove_place(table_.places(user));
    table_.set_times(user, {at, at});
    return {at, at};
  }
  const Time now = std::max(at, newest + std::chrono::microseconds{1});
  table_.set_times(user, {now, std::max(at, stamp)});
  return {now, at < stamp && stamp - at <= kDisorder ? at : now};
}

void Detector::expire_places(Index user, Time now) {
  for (Index place = table_.places(user); place != kNone;) {
    const Index next = table_.place(place).next_of_user;
    if (table_.place(place).last + policy_.window <= now) table_.remove_place(place);
    place = next;
  }
}

// What of an address is remembered: in IPv6 its prefix alone.
ip::Address Detector::mask_address(const ip::Address& address) const {
  return address.is_v4() ? address : ip::Prefix{address, policy_.group6}.address();
}

Group Detector::group_of(const ip::Address& address) const {
  const ip::Address masked = mask_address(address);
  const std::uint32_t asn = policy_.asn_of ? policy_.asn_of(masked) : 0;
  if (asn != 0) return {.prefix = {}, .asn = asn};
  return {.prefix = {masked, masked.is_v4() ? policy_.group4 : policy_.group6}};
}

Detector::Origin Detector::find_origin(const ip::Address& address) const {
  const Group group = group_of(address);
  return {.address = mask_address(address),
          .group = group,
          .tag = group.tag(),
          .exempt = exemption(address) != nullptr};
}

// The tag spares nearly every look at another group's address, which may be one into a database.
bool Detector::is_of_group(const Place& place, const Origin& origin) const {
  return place.tag == origin.tag &&
         (place.address == origin.address || group_of(place.address) == origin.group);
}

bool Detector::is_in(const Place& place, const Origin& origin) const {
  return place.exempt == origin.exempt && is_of_group(place, origin);
}

// A gateway is a place of its own in its group: how long others were seen there says nothing about the rest.
// So the user starts anew where it is one no more, unless it is all of its group. None of his places is idle,
// so that no look at who else is there removes one of them.
void Detector::refresh_gateways(Index user, const Origin& origin, Time now) {
  for (Index index = table_.places(user), next = kNone; index != kNone; index = next) {
    Place& place = table_.place(index);
    next = place.next_of_user;
    if (!is_in(place, origin)) continue;
    const bool was_gateway = place.gateway;
    place.gateway = table_.is_crowded(index, now, policy_.window);
    if (!was_gateway || place.gateway) continue;
    const bool is_all = origin.group == Group{.prefix = target_of(index)};
    if (!is_all) table_.remove_place(index);
  }
}

// A user's place at this address, or else the one he has in the rest of its group, if any.
Index Detector::find_place(Index user, const Origin& origin) const {
  Index rest = kNone;
  for (Index index = table_.places(user); index != kNone; index = table_.place(index).next_of_user) {
    const Place& place = table_.place(index);
    if (!is_in(place, origin)) continue;
    if (place.address == origin.address) return index;
    if (!place.gateway) rest = index;
  }
  return rest;
}

// Who has too many places loses the one he has not used for longest.
Index Detector::add_place(Index user, const ip::Address& address, Time seen) {
  const Crowd held = count_places(table_, user);
  if (held.count >= kMostBeyond && held.count >= limit_of(user) + kMostBeyond) {
    table_.remove_place(held.idlest);
    ++evicted_;
  }
  return table_.add_place(user, address, seen);
}

// The place of a user who is at this origin: found, moved there or added. Nobody moves into a gateway. Comes
// after refresh_gateways(), which has seen whether one that is found is one.
Index Detector::take_place(Index user, const Origin& origin, const Moment& moment) {
  const Index known = find_place(user, origin);
  if (known != kNone && table_.place(known).address == origin.address) return known;
  if (known != kNone && !table_.would_be_crowded(origin.address, moment.now, policy_.window)) {
    table_.move_place(known, origin.address);
    return known;
  }
  const Index added = add_place(user, origin.address, moment.seen);
  Place& place = table_.place(added);
  place.tag = origin.tag;
  place.exempt = origin.exempt;
  place.gateway = table_.is_crowded(added, moment.now, policy_.window);
  return added;
}

// The place of this line, active at `seen`.
Index Detector::visit(Index user, const event::Access& access, const Moment& moment) {
  const ip::Address& from = *access.ip;
  const Origin origin = find_origin(from);
  refresh_gateways(user, origin, moment.now);
  const Index index = take_place(user, origin, moment);
  Place& place = table_.place(index);
  place.last = std::max(place.last, moment.seen);
  const std::uint16_t port = access.port.value_or(0);
  place.trail.note(from, port);
  const bool look = !origin.exempt && !place.confirmed && port != 0 && evidence_.connection;
  if (look) place.confirmed = evidence_.connection(from, port);
  fresh_ = look && place.confirmed ? index : kNone;
  return index;
}

ip::Prefix Detector::target_of(Index place) const {
  const ip::Address& address = table_.place(place).address;
  return {address, address.is_v4() ? 32 : policy_.group6};
}

std::string Detector::name_of(Index place) const {
  const ip::Prefix target = target_of(place);
  return table_.place(place).gateway ? ip::to_string(target)
                                     : group_of(table_.place(place).address).name(target);
}

// It may have become one since its newest line.
bool Detector::is_gateway(Index place, Time now) {
  return table_.place(place).gateway || table_.is_crowded(place, now, policy_.window);
}

void Detector::forget_user(Index user) {
  note_gone(user);
  streaks_.erase(user);
  table_.remove_user(user);
}

// A user who was idle for long is forgotten, two for each line so that it never adds up: by the watermark and
// by more than clocks of nodes differ.
void Detector::forget_idle() {
  for (int i = 0; i < 2 && table_.users() > 1; ++i) {
    const Index idlest = table_.idlest_user();
    if (table_.times(idlest).newest + policy_.window + kKeptIdle > watermark_.get()) break;
    forget_user(idlest);
  }
  for (; table_.users() > policy_.max_users; ++evicted_) forget_user(table_.idlest_user());
}

}  // namespace xlimit::session
