// SPDX-License-Identifier: MIT
// Two policies over one stream: who would break a rule or be banned by one and not by the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "session/detector.h"

namespace xlimit::session {

class Comparison {
 public:
  // Most pairs of user and target that are told apart; of those beyond only the totals are counted.
  static constexpr std::size_t kMost = 1000000;

  // `other` is the policy to be tried. Both are fed by hear() alone and must live as long.
  Comparison(Detector& one, Detector& other) : one_(one), other_(other) {}

  void hear(const event::Access& access);
  // The differences as `difference` events, by the time of the first verdict: `violations` and
  // `other_violations` say how often each would have found this user to break the rule, and with a `target`
  // `bans` and `other_bans` how often it would have been banned for him, and `seconds` and `other_seconds`
  // for how long together; 0 is for good.
  void write(std::string_view node, const std::function<void(std::string_view)>& write) const;
  // "20 violations and 12 bans of 5 targets here, 15 and 9 of 4 by 'NAME'; 1 targets only here, 0 only
  // there", and how many verdicts are left out of the differences.
  std::string sum(std::string_view name) const;

 private:
  struct Key {
    std::string user;
    std::string_view rule;
    std::optional<ip::Prefix> target;  // none: violations are counted, not bans
    auto operator<=>(const Key&) const = default;
  };
  // What one policy did: violations, or bans.
  struct Side {
    std::uint64_t times = 0;
    std::chrono::seconds banned{};  // together; a policy bans for good always or never
    bool operator==(const Side&) const = default;
  };
  struct Tally {
    Side one, other;
    Time first;
    std::string why;
  };
  struct Total {
    std::uint64_t violations = 0, bans = 0;
  };
  void count(const std::vector<Verdict>& verdicts, Side Tally::*side, Total& total);
  Side* count_one(const Verdict& verdict, std::optional<ip::Prefix> target, Side Tally::*side);

  Detector& one_;
  Detector& other_;
  std::map<Key, Tally> tallies_;
  Total one_total_, other_total_;
  std::uint64_t left_out_ = 0;
};

}  // namespace xlimit::session
