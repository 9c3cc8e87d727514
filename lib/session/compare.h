// SPDX-License-Identifier: MIT
// Two policies over one stream: who would be banned by one and not by the other.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "session/detector.h"

namespace xlimit::session {

class Comparison {
 public:
  // Most pairs of user and target that are told apart; those beyond are counted in the sum alone.
  static constexpr std::size_t kMost = 1000000;

  // `other` is the policy to be tried. Both are fed by hear() alone and must live as long.
  Comparison(Detector& one, Detector& other) : one_(one), other_(other) {}

  void hear(const event::Access& access);
  // The differences as `difference` events, by the time of the first ban: `bans` and `other_bans` say how
  // often each would have banned this target for this user.
  void write(std::string_view node, const std::function<void(std::string_view)>& write) const;
  // "12 bans of 5 targets here, 9 of 4 by 'NAME'; 1 target only here, 0 only there".
  std::string sum(std::string_view name) const;

 private:
  struct Key {
    std::string user;
    ip::Prefix target;
    std::string_view rule;
    auto operator<=>(const Key&) const = default;
  };
  struct Tally {
    std::uint64_t one = 0, other = 0;
    Time first;
    std::string why;
  };
  void count(const std::vector<Verdict>& verdicts, std::uint64_t Tally::*side, std::uint64_t& total);

  Detector& one_;
  Detector& other_;
  std::map<Key, Tally> tallies_;
  std::uint64_t one_total_ = 0, other_total_ = 0;
};

}  // namespace xlimit::session
