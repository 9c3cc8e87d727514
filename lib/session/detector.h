// SPDX-License-Identifier: MIT
// Decides who holds more places than allowed, and what is to be done about it.
//
//   session::Detector detector{policy, evidence, limit_of};
//   for (const session::Verdict& verdict : detector.feed(access)) ...
//
// Time is the lines' own: the same log gives the same verdicts at any speed. It runs per user and never
// backwards: a line older than the user's newest counts as the newest. Only when it is older by more than
// kClockStep (or the window, if that is longer) was the clock set back, and the user starts anew.
//
// Lines without a user or an address, from loopback or 0.0.0.0, rejected, or of exempt users and networks
// judge nobody. State is bounded by policy.max_users: beyond it the user idle longest is forgotten.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <span>
#include <string>
#include <vector>

#include "event/event.h"
#include "event/object.h"
#include "session/breach.h"
#include "session/history.h"
#include "session/limits.h"
#include "session/policy.h"
#include "session/table.h"
#include "session/verdict.h"

namespace xlimit::session {

// How long a user without an active place is kept.
inline constexpr std::chrono::hours kKeptIdle{1};

// What counts as one place: all of a prefix, or all of an autonomous system.
struct Group {
  ip::Prefix prefix;  // when asn is 0
  std::uint32_t asn = 0;

  bool operator==(const Group&) const = default;
  // Eight bits of a hash.
  std::uint8_t tag() const {
    return static_cast<std::uint8_t>(std::hash<ip::Prefix>{}(prefix) ^ asn ^ asn >> 8);
  }
};

class Detector {
 public:
  Detector(Policy policy, Evidence evidence, LimitOf limit_of);

  // Judges one line. Nearly always there is nothing to say.
  std::vector<Verdict> feed(const event::Access& access);

  // Users forgotten because there were too many, since this was last asked.
  std::uint64_t take_evicted() { return std::exchange(evicted_, 0); }
  std::size_t users() const { return table_.users(); }

  // Why a line judges nobody: "rejected", "from loopback"; empty when it counts.
  std::string_view excuse(const event::Access& access) const;
  // The places that a user holds, oldest first, and how many he may.
  struct Held {
    ip::Prefix place;
    Time first, last;
  };
  std::vector<Held> held_by(std::string_view user) const;
  std::uint32_t limit_of(std::string_view user) const;

  // All that later verdicts depend on, as lines (NDJSON). A detector that restores them goes on as this one
  // would.
  void save(const std::function<void(std::string_view)>& write) const;
  // Into a new detector. Fails with kData, naming the line, when the text is not what save() wrote, to its
  // end; the detector is then of no use.
  base::Result<void> restore(std::string_view text);

 private:
  // What is remembered of a user who broke the rule.
  struct Streak {
    std::uint32_t count = 0;  // violations in a row
    Time last;
    Time told_at;  // when a violation that was not acted on was last reported, and which
    std::size_t told = 0;
  };

  Time advance(Index user, Time at);
  void expire_places(Index user, Time now);
  Index visit(Index user, const event::Access& access, Time now);
  Group group_of(const ip::Address& address) const;
  Index find_place(Index user, const Group& group) const;
  ip::Prefix target_of(Index place) const;
  bool is_gateway(Index place, Time now);

  void judge_torrent(const event::Access& access, Index place, Time now);
  std::string torrent_sign(const event::Access& access, Index place, Time now);
  void judge_shared(Index place, Time now);
  void judge_addresses(Index user, Time now);
  std::vector<Index> places_of(Index user) const;
  std::string take_out(std::vector<Index>& places, const std::function<bool(Index)>& is_out) const;
  std::vector<Index> losers(const std::vector<Index>& places, const Breach& breach) const;
  void expect_losers(const std::vector<Index>& places, std::uint32_t limit) const;
  std::string describe(const std::vector<Index>& places, const Breach& breach) const;

  bool proven(Index place);
  bool holds_socket(Index place);
  bool connected(Index place) const;
  Target make_target(Index place, Time now);
  Verdict make_verdict(Index user, Time now, std::string_view rule, std::span<const Index> places) const;
  void act(Verdict verdict, Index user, const std::vector<Index>& losers);
  void tell(Verdict verdict, Index user);
  Streak& count_violation(Index user, Time now);

  void save_user(Index user, const std::function<void(std::string_view)>& write) const;
  void restore_user(event::Object& line, Index& user);
  void restore_place(event::Object& line, Index user);
  void restore_burst(event::Object& line);

  void forget_user(Index user);
  void forget_idle(Time now);

  Policy policy_;
  Evidence evidence_;
  LimitOf limit_of_;
  boost::unordered_flat_set<std::string, TextHash, std::equal_to<>> exempt_users_;
  Table table_;
  History history_;
  Bursts bursts_;
  boost::unordered_flat_map<Index, Streak> streaks_;
  boost::unordered_flat_map<ip::Prefix, Time, std::hash<ip::Prefix>> shared_told_;
  std::vector<Verdict> verdicts_;
  Index fresh_ = kNone;  // the place whose connection was seen for this very line
  std::uint64_t evicted_ = 0;
  Time last_line_;
};

}  // namespace xlimit::session
