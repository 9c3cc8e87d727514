// SPDX-License-Identifier: MIT
// What the tests of the detector share: people, places, and a detector that remembers what it said.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "session/detector.h"

namespace story {

using namespace xlimit;
using namespace std::chrono_literals;
using session::Action;
using session::Verdict;

inline const base::Time kNoon = *base::parse_time("2026-06-01T12:00:00Z");
inline constexpr const char* kHome = "203.0.113.7";
inline constexpr const char* kAway = "198.51.100.4";
inline constexpr const char* kThird = "192.0.2.30";

inline event::Access line(std::chrono::microseconds after, std::string_view user, std::string_view ip,
                          std::uint16_t port = 40000) {
  event::Access access;
  access.at = kNoon + after;
  access.user = user;
  access.ip = ip::parse_address(ip);
  access.port = port;
  return access;
}

// A detector without sockets to look at, that remembers what it said.
struct Judge {
  explicit Judge(session::Policy policy, session::Evidence evidence = {}, session::LimitOf limit_of = {})
      : detector(std::move(policy), std::move(evidence), std::move(limit_of)) {}

  // The action on this line, if there is one.
  std::optional<Action> hear(const event::Access& access) {
    const std::vector<Verdict> verdicts = detector.feed(access);
    if (verdicts.empty()) return {};
    last = verdicts.back();
    for (const session::Target& target : last.targets) banned.insert(ip::to_string(target.prefix));
    return last.action;
  }
  std::optional<Action> hear(std::chrono::microseconds after, std::string_view ip,
                             std::string_view user = "ann") {
    return hear(line(after, user, ip));
  }

  session::Detector detector;
  Verdict last;
  std::set<std::string> banned;
};

inline std::string saved(const session::Detector& detector) {
  std::string text;
  detector.save([&](std::string_view lines) { text += lines; });
  return text;
}

inline session::Policy strict() {
  session::Policy policy;
  policy.rule = session::Rule::strict;
  return policy;
}

}  // namespace story
