// SPDX-License-Identifier: MIT
// Two policies over one stream: who would break a rule or be banned by one and not by the other.
#pragma once

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
  // `bans` and `other_bans` how often it would have been banned for him.
  void write(std::string_view node, const std::function<void(std::string_view)>& write) const;
  // "20 violations and 12 bans of 5 targets here, 15 and 9 of 4 by 'NAME'; 1 targets only here, 0 only
  // there".
  std::string sum(std::string_view name) const;

 private:
  struct Key {
    std::string user;
    std::string_view rule;
    std::optional<ip::Prefix> target;  // none: violations are counted, not bans
    auto operator<=>(const Key&) const = default;
  };
  struct Tally {
    std::uint64_t one = 0, other = 0;
    Time first;
    std::string why;
  };
  struct Total {
    std::uint64_t violations = 0, bans = 0;
  };
  void count(const std::vector<Verdict>& verdicts, std::uint64_t Tally::*side, Total& total);
  void count(const Verdict& verdict, std::optional<ip::Prefix> target, std::uint64_t Tally::*side);

  Detector& one_;
  Detector& other_;
  std::map<Key, Tally> tallies_;
  Total one_total_, other_total_;
};

}  // namespace xlimit::session
