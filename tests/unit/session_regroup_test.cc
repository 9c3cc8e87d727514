// SPDX-License-Identifier: MIT
// A state restored under another grouping, or with other exemptions, than it was saved under.
#include "session_story.h"

using namespace story;

namespace {

session::Policy long_window(unsigned group4, unsigned group6) {
  session::Policy policy;
  policy.limit = 9;
  policy.window = 1h;
  policy.shared_limit = 3;
  policy.group4 = group4;
  policy.group6 = group6;
  return policy;
}

// A detector under `now` with what one under `before` saved when it had judged these lines.
struct Restored : Judge {
  Restored(session::Policy before, session::Policy now, const std::vector<event::Access>& lines)
      : Judge(std::move(now)) {
    session::Detector first{std::move(before), {}, {}};
    for (const event::Access& access : lines) first.feed(access);
    const auto restored = detector.restore(saved(first));
    REQUIRE_MESSAGE(restored, restored.error().text);
  }
  std::vector<session::Detector::Held> held(std::string_view user = "ann") { return detector.held_by(user); }
};

std::string targets(const std::vector<session::Detector::Held>& held) {
  std::string targets;
  for (const session::Detector::Held& place : held)
    targets += (targets.empty() ? "" : " ") + ip::to_string(place.target);
  return targets;
}

}  // namespace

TEST_CASE("what another grouping held apart is one place, from the oldest on, where it was seen last") {
  std::vector<event::Access> lines{line(0s, "ann", "203.0.113.7"), line(1s, "ann", "203.0.113.8")};
  std::string last = "203.0.113.8";
  SUBCASE("the newer one") {}
  SUBCASE("the older one") { lines.push_back(line(2s, "ann", last = "203.0.113.7")); }
  Restored restored{long_window(32, 64), long_window(24, 64), lines};
  REQUIRE(targets(restored.held()) == last);
  CHECK(restored.held()[0].first == kNoon);
  CHECK(restored.held()[0].last == lines.back().at);
}

TEST_CASE("a prefix that was several has the users of all of them") {
  const std::vector<event::Access> lines{line(0s, "ann", "2001:db8:1:2::5"),
                                         line(0s, "ann", "2001:db8:1:3::5"),
                                         line(0s, "bob", "2001:db8:1:4::5")};
  Restored restored{long_window(32, 64), long_window(32, 48), lines};
  CHECK(restored.hear(1s, "2001:db8:1:5::5", "eve") == Action::spared);
  CHECK(restored.last.rule == "shared");
}

TEST_CASE("gateways whose prefixes became one are one place, apart from the rest of their system") {
  session::Policy before = long_window(32, 64), now = long_window(32, 48);
  before.asn_of = now.asn_of = [](const ip::Address&) { return 64500U; };
  std::vector<event::Access> lines;
  for (const char* user : {"bob", "dan", "ann"}) lines.push_back(line(0s, user, "2001:db8:1:2::5"));
  for (const char* user : {"eve", "fay", "ann"}) lines.push_back(line(0s, user, "2001:db8:1:3::5"));
  lines.push_back(line(1s, "ann", "2001:db8:7::5"));
  Restored restored{before, now, lines};
  CHECK(targets(restored.held()) == "2001:db8:1::/48 2001:db8:7::/48");
}

TEST_CASE("an address that was part of a prefix is the place, not the first of the prefix") {
  Restored restored{long_window(32, 64), long_window(32, 128), {line(0s, "ann", "2001:db8:1:2::5")}};
  CHECK(targets(restored.held()) == "2001:db8:1:2::5");
}

TEST_CASE("who is exempt is today's to say") {
  const char* const net = "2001:db8:1::/48";
  session::Policy before = long_window(32, 64), now = before;
  SUBCASE("no more") {
    before.exempt_nets = {*ip::parse_prefix(net)};
    Restored restored{before, now, {line(0s, "ann", "2001:db8:1:2::5")}};
    CHECK(restored.held().size() == 1);
  }
  SUBCASE("from now on") {
    now.exempt_nets = {*ip::parse_prefix(net)};
    Restored restored{before, now, {line(0s, "ann", "2001:db8:1:2::5")}};
    CHECK(restored.held().empty());
  }
  SUBCASE("but where nobody knows which address of a prefix was seen it stays what it was") {
    before.exempt_nets = now.exempt_nets = {*ip::parse_prefix("2001:db8:1:2::5/128")};
    Restored restored{before, now, {line(0s, "ann", "2001:db8:1:2::5", 0)}};
    CHECK(restored.held().empty());
  }
}

TEST_CASE("an IPv6 address is looked up by the first of its prefix") {
  session::Policy policy = long_window(32, 64);
  std::set<std::string> asked;
  policy.asn_of = [&](const ip::Address& ip) {
    asked.insert(ip::to_string(ip));
    return 64500U;
  };
  Restored restored{policy, policy, {line(0s, "ann", "2001:db8:1:2::5"), line(1s, "ann", kHome)}};
  CHECK(asked == std::set<std::string>{"2001:db8:1:2::", kHome});
}

TEST_CASE("of a prefix that has become longer it is not known which one was seen") {
  const std::vector<event::Access> lines{line(0s, "ann", "2001:db8:1:2::5"), line(0s, "ann", kHome)};
  Restored restored{long_window(32, 48), long_window(32, 64), lines};
  CHECK(targets(restored.held()) == kHome);
}
