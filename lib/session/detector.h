// SPDX-License-Identifier: MIT
// Decides who holds more places than allowed, and what is to be done about it.
//
//   session::Detector detector{policy, evidence, limit_of};
//   for (const session::Verdict& verdict : detector.feed(access)) ...
//
// Time is the lines' own: the same log gives the same verdicts at any speed. It runs per user and never
// backwards: it grows with every line, and one older than the user's newest counts as the newest. When it is
// older by no more than a second it is out of order, and its place was seen no later than it says. Only when
// it is older by more than kClockStep (or the window, if that is longer) was the clock set back, and the user
// starts anew.
//
// Lines without a user or an address, from loopback or 0.0.0.0, rejected, or of exempt users and networks
// judge nobody; places in exempt networks are remembered, to be named beside those that count. State is
// bounded by policy.max_users: beyond it the user idle longest is forgotten.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "event/event.h"
#include "ip/prefix_index.h"
#include "session/breach.h"
#include "session/history.h"
#include "session/limits.h"
#include "session/mark.h"
#include "session/policy.h"
#include "session/table.h"
#include "session/verdict.h"
#include "session/watermark.h"

namespace xlimit::session {

// Gateways, and when each was last reported.
using Gateways = Recent<ip::Prefix, Time>;

// How long a user without an active place is kept.
inline constexpr std::chrono::hours kKeptIdle{1};

// What counts as one place: all of a prefix, or all of an autonomous system.
struct Group {
  ip::Prefix prefix;  // when asn is 0
  std::uint32_t asn = 0;

  bool operator==(const Group&) const = default;
  // The same in every process.
  std::uint64_t hash() const { return std::hash<ip::Prefix>{}(prefix) ^ asn; }
  // Eight bits of it.
  std::uint8_t tag() const { return static_cast<std::uint8_t>(hash() ^ asn >> 8); }
  // For people: "203.0.113.0/24", or "AS64500 (203.0.113.9)" with what was last seen of it.
  std::string name(const ip::Prefix& last_seen) const;
};

class Detector {
 public:
  Detector(Policy policy, Evidence evidence, LimitOf limit_of);

  // A line of this user comes soon. Changes nothing, but spares that line a wait for memory, and both when
  // another user is expected before it comes.
  void expect(std::string_view user) { table_.expect(user); }

  // Judges one line. Nearly always there is nothing to say.
  std::vector<Verdict> feed(const event::Access& access);

  // `limit_of` answers otherwise from now on.
  void forget_limits() { ++limits_version_; }

  // Users forgotten because there were more than max_users, and places, bans and counts of hosts beyond what
  // is remembered, since this was last asked.
  std::uint64_t take_evicted() { return std::exchange(evicted_, 0); }
  // Those that were not taken yet.
  std::uint64_t evicted() const { return evicted_; }
  std::size_t users() const { return table_.users(); }
  // Lines that counted, and places that were spared for want of a connection, since the start.
  std::uint64_t judged() const { return judged_; }
  std::uint64_t unverified() const { return unverified_; }
  // The time of the last line that was judged; the end of time before the first.
  Time last_line() const { return watermark_.last(); }

  // Why a line judges nobody: "rejected", "from loopback"; empty when it counts.
  std::string_view excuse(const event::Access& access) const;
  // The exempt network of an address; null when there is none.
  const ip::Prefix* exemption(const ip::Address& address) const;
  // What is one place with this address. An IPv6 address is looked up by the first of its prefix.
  Group group_of(const ip::Address& address) const;
  // A user's places that are not exempt, oldest first, and how many he may hold. Others' places that are over
  // may be removed on the way.
  struct Held {
    Group group;
    ip::Prefix target;     // the address it was seen at last, in IPv6 its prefix
    std::string name;      // for people: the target of a gateway, else Group::name()
    Time first, last;      // seen
    Time until;            // it counts, if it is not seen again
    bool gateway = false;  // does not count
  };
  std::vector<Held> held_by(std::string_view user);
  std::uint32_t limit_of(std::string_view user) const;

  // All that later verdicts depend on, as lines (NDJSON). A detector that restores them goes on as this one
  // would. Write gets one line or several, with their ends.
  using Write = std::function<void(std::string_view lines)>;
  void save(const Write& write) const;
  // Into a new detector. Fails as Restorer does.
  base::Result<void> restore(std::string_view text);
  // The same piece by piece, for a file that grows, while lines are judged in between: all that is written is
  // to be restored, in this order, and the changes too.
  struct Saving {
    explicit Saving(const Detector& detector);
    Index user = 0;
    std::vector<ip::Prefix> banned, shared;
    std::vector<std::uint64_t> bursts;
  };
  // A piece of about so many bytes. True when it was the last.
  bool save_some(Saving& saving, std::size_t bytes, const Write& write) const;
  // Remembers from now on what changes; save_changes() gives what changed since the last time.
  void watch_changes();
  void save_changes(const Write& write);
  std::size_t changes() const { return table_.changed() + noted_; }
  // What was judged last, kept with the changes that come from it.
  void set_mark(const Mark& mark) { mark_ = mark; }
  const Mark& mark() const { return mark_; }

 private:
  friend class Restorer;

  // What is remembered of a user who broke the rule.
  struct Streak {
    std::uint32_t count = 0;  // violations in a row
    Time last;
    Time told_at;  // when a violation that was not acted on was last reported, and which
    std::size_t told = 0;
  };

  // A line's: the user's time with it, and when its place was seen.
  struct Moment {
    Time now, seen;
  };

  // Where a line comes from, as places tell it.
  struct Origin {
    ip::Address address;  // masked
    Group group;
    std::uint8_t tag = 0;  // the group's
    bool exempt = false;
  };

  // A user's places while they are judged.
  struct Hearing {
    Time now;
    std::uint32_t limit = 0;
    std::vector<Index> places{};  // that count, oldest first
    std::optional<Breach> breach{};
    std::string why{};  // of the last breach
    std::string out{};  // who does not count
  };

  std::uint32_t limit_of(Index user);
  Moment advance(Index user, Time at);
  void expire_places(Index user, Time now);
  Index take_place(Index user, const Origin& origin, const Moment& moment);
  Index visit(Index user, const event::Access& access, const Moment& moment);
  ip::Address mask_address(const ip::Address& address) const;
  Origin find_origin(const ip::Address& address) const;
  bool is_of_group(const Place& place, const Origin& origin) const;
  bool is_in(const Place& place, const Origin& origin) const;
  void refresh_gateways(Index user, const Origin& origin, Time now);
  Index find_place(Index user, const Origin& origin) const;
  Index add_place(Index user, const ip::Address& address, Time seen);
  ip::Prefix target_of(Index place) const;
  std::string name_of(Index place) const;
  bool is_gateway(Index place, Time now);

  void judge_torrent(const event::Access& access, Index place, Time now);
  std::string torrent_sign(const event::Access& access, Index place, Time now);
  void judge_shared(Index place, Time now);
  void judge_addresses(Index user, Time now);
  std::vector<Index> places_of(Index user) const;
  std::uint32_t exceeded_limit(Index user);
  bool leave_out(Hearing& hearing, std::string_view because, const std::function<bool(Index)>& is_out) const;
  void apply_rule(Hearing& hearing) const;
  bool is_beside(Index gateway, const std::vector<Index>& places) const;
  void leave_out_spared(Hearing& hearing);
  std::vector<Index> losers(const std::vector<Index>& places, const Breach& breach) const;
  void expect_losers(const std::vector<Index>& places, std::uint32_t limit, Time now) const;
  void expect_ban(Index place, Time now) const;
  std::string describe(const std::vector<Index>& places, const Breach& breach) const;

  bool proven(Index place);
  bool holds_socket(Index place);
  bool connected(Index place) const;
  Target locate(Index place) const;
  Target make_target(Index place, Time now);
  Verdict make_verdict(Index user, Time now, std::string_view rule, std::span<const Index> places) const;
  void act(Verdict verdict, Index user, const std::vector<Index>& losers);
  void punish(Verdict& verdict, Index place);
  void tell(Verdict verdict, Index user);
  Streak& count_violation(Index user, Time now);

  void save_user(Index user, const Write& write) const;
  void save_end(bool whole, const Write& write) const;
  void note(std::string_view line);
  void note_gone(Index user);
  void note_ban(const ip::Prefix& target);
  void note_shared(const ip::Prefix& target);
  void note_burst(std::uint64_t place, std::string_view host);
  void note_burst_gone(std::uint64_t place);

  void forget_user(Index user);
  void forget_idle();

  Policy policy_;
  Evidence evidence_;
  LimitOf limit_of_;
  boost::unordered_flat_set<std::string, TextHash, std::equal_to<>> exempt_users_;
  ip::PrefixIndex exempt_nets_;
  std::uint32_t limits_version_ = 1;
  Table table_;
  History history_;
  Bursts bursts_;
  boost::unordered_flat_map<Index, Streak> streaks_;
  Gateways shared_told_;
  std::vector<Verdict> verdicts_;
  Index fresh_ = kNone;  // the place whose connection was seen for this very line
  std::uint64_t evicted_ = 0, saved_evicted_ = 0;
  std::uint64_t judged_ = 0, unverified_ = 0;
  Watermark watermark_;
  Mark mark_, saved_mark_;
  bool watched_ = false;
  std::string changes_;    // lines about others than users,
  std::size_t noted_ = 0;  // so many
};

}  // namespace xlimit::session
