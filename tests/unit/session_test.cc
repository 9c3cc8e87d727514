// SPDX-License-Identifier: MIT
// The rules, told line by line.
#include "session_story.h"

using namespace story;

TEST_CASE("strict: a further place inside the window is banned at once") {
  Judge judge{strict()};
  CHECK_FALSE(judge.hear(0s, kHome));
  CHECK(judge.hear(1s, kAway) == Action::ban);
  CHECK(judge.banned == std::set<std::string>{kAway});
  CHECK(judge.last.why == "198.51.100.4 joined while 203.0.113.7 was active (strict)");
  CHECK(judge.last.targets[0].ports == std::vector<std::uint16_t>{40000});
  CHECK(judge.last.targets[0].duration == 60s);
}

TEST_CASE("strict: a place whose window has run out does not count") {
  Judge judge{strict()};
  judge.hear(0s, kHome);
  CHECK_FALSE(judge.hear(5s, kAway));
}

TEST_CASE("overlap: a handover, A then B, is let through") {
  Judge judge{{}};
  CHECK_FALSE(judge.hear(0s, kHome));
  for (int second = 1; second < 30; ++second) CHECK_FALSE(judge.hear(std::chrono::seconds{second}, kAway));
}

TEST_CASE("overlap: A, B, A bans B") {
  Judge judge{{}};
  judge.hear(0s, kHome);
  CHECK_FALSE(judge.hear(1s, kAway));
  CHECK(judge.hear(2s, kHome) == Action::ban);
  CHECK(judge.banned == std::set<std::string>{kAway});
  CHECK(judge.last.why == "203.0.113.7 was seen again after 198.51.100.4 had joined (overlap)");
}

TEST_CASE("overlap: order counts where stamps are whole seconds") {
  Judge judge{{}};
  for (int i = 0; i < 5000; ++i) CHECK_FALSE(judge.hear(0s, kHome));
  CHECK_FALSE(judge.hear(0s, kAway));
  SUBCASE("however many lines one of them has") { CHECK(judge.hear(0s, kHome) == Action::ban); }
  SUBCASE("but not that of lines of the second before") {
    for (int i = 0; i < 5000; ++i) CHECK_FALSE(judge.hear(-1s, kHome));
  }
}

TEST_CASE("overlap: order counts where stamps are the same to the microsecond") {
  Judge judge{{}};
  judge.hear(1700001us, kHome);
  CHECK_FALSE(judge.hear(1700001us, kAway));
  CHECK(judge.hear(1700001us, kHome) == Action::ban);
  CHECK(judge.last.at == kNoon + 1700001us);
}

TEST_CASE("overlap: whole seconds out of order prove no sharing") {
  Judge judge{{}};
  judge.hear(1s, kHome);
  CHECK_FALSE(judge.hear(2s, kAway));
  CHECK_FALSE(judge.hear(1s, kHome));
  CHECK_FALSE(judge.hear(2s, kAway));
  CHECK(judge.hear(2s, kHome) == Action::ban);
}

TEST_CASE("overlap: a newcomer whose line is late came when it says") {
  Judge judge{{}};
  judge.hear(1400ms, kHome);
  judge.hear(1900ms, kHome);
  CHECK_FALSE(judge.hear(1000ms, kAway));
  for (int i = 2; i < 20; ++i) CHECK_FALSE(judge.hear(std::chrono::seconds{i}, kHome));
}

TEST_CASE("overlap: a line out of order by less than a second is not seen later than it says") {
  Judge judge{{}};
  judge.hear(1000ms, kHome);
  CHECK_FALSE(judge.hear(1900ms, kAway));
  CHECK_FALSE(judge.hear(1400ms, kHome));
  CHECK_FALSE(judge.hear(2000ms, kAway));
  SUBCASE("a handover is let through") {
    for (int i = 3; i < 20; ++i) CHECK_FALSE(judge.hear(std::chrono::seconds{i}, kAway));
  }
  SUBCASE("sharing is not") { CHECK(judge.hear(2001ms, kHome) == Action::ban); }
}

TEST_CASE("overlap: two nodes whose clocks differ by seconds find sharing all the same") {
  Judge judge{{}};
  std::optional<Action> action;
  for (int i = 0; i < 4 && !action; ++i) {
    action = judge.hear(std::chrono::seconds{10 + i}, kHome);
    if (!action) action = judge.hear(std::chrono::seconds{i}, kAway);
  }
  CHECK(action == Action::ban);
}

TEST_CASE("overlap: both still active when the grace has passed") {
  session::Policy policy;
  policy.window = 60s;
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK_FALSE(judge.hear(1s, kAway));
  CHECK_FALSE(judge.hear(10s, kAway));
  CHECK(judge.hear(11s, kAway) == Action::ban);
  CHECK(judge.last.why == "203.0.113.7 was still active 10s after 198.51.100.4 had joined (overlap)");
}

TEST_CASE("overlap: with two places allowed, one of them may move") {
  session::Policy policy;
  policy.limit = 2;
  Judge judge{policy};
  judge.hear(0s, kHome);
  judge.hear(0s, kAway);
  judge.hear(1s, kHome);
  CHECK_FALSE(judge.hear(2s, kThird));
  CHECK_FALSE(judge.hear(3s, kHome));
  CHECK(judge.hear(4s, kAway) == Action::ban);
  CHECK(judge.banned == std::set<std::string>{kThird});
}

TEST_CASE("a place that only just joined is not banned for another's breach") {
  Judge judge{{}};
  judge.hear(0s, kHome);
  judge.hear(1s, kAway);
  const auto verdicts = judge.detector.feed(line(2s, "ann", kThird));
  CHECK(verdicts.empty());
  CHECK(judge.hear(2500ms, kAway) == Action::ban);  // seen again after the third had joined
  CHECK(judge.banned == std::set<std::string>{kThird});
}

TEST_CASE("who loses is the operator's choice") {
  session::Policy policy = strict();
  SUBCASE("oldest") {
    policy.loser = session::Loser::oldest;
    Judge judge{policy};
    judge.hear(0s, kHome);
    judge.hear(1s, kAway);
    CHECK(judge.banned == std::set<std::string>{kHome});
  }
  SUBCASE("all") {
    policy.loser = session::Loser::all;
    Judge judge{policy};
    judge.hear(0s, kHome);
    judge.hear(1s, kAway);
    CHECK(judge.banned == std::set<std::string>{kHome, kAway});
  }
  SUBCASE("none") {
    policy.loser = session::Loser::none;
    Judge judge{policy};
    judge.hear(0s, kHome);
    CHECK(judge.hear(1s, kAway) == Action::report);
    CHECK(judge.banned.empty());
  }
}

TEST_CASE("IPv6 places are /64 and are banned as such, with the address last seen") {
  Judge judge{strict()};
  judge.hear(0s, "2001:db8:1::1");
  CHECK_FALSE(judge.hear(1s, "2001:db8:1::ffff:2"));  // a privacy address
  CHECK(judge.hear(2s, "2001:db8:2::9") == Action::ban);
  CHECK(judge.banned == std::set<std::string>{"2001:db8:2::/64"});
  CHECK(judge.last.targets[0].address == ip::parse_address("2001:db8:2::9"));
}

TEST_CASE("IPv4 may be grouped; the ban is of the single address") {
  session::Policy policy = strict();
  policy.group4 = 24;
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK_FALSE(judge.hear(1s, "203.0.113.99"));
  CHECK(judge.hear(2s, kAway) == Action::ban);
  CHECK(judge.banned == std::set<std::string>{kAway});
  CHECK(judge.last.why == "198.51.100.0/24 joined while 203.0.113.0/24 was active (strict)");
  CHECK(ip::to_string(judge.last.addresses[0]) == "203.0.113.99");
}

TEST_CASE("addresses of one autonomous system are one place") {
  session::Policy policy = strict();
  policy.asn_of = [](const ip::Address& ip) {
    return ip.is_v4() && ip.v4_value() >> 24 == 203 ? 64500U : 0U;
  };
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK_FALSE(judge.hear(1s, "203.99.1.1"));
  CHECK(judge.hear(2s, kAway) == Action::ban);
  judge.hear(3s, kThird, "bob");
  CHECK(judge.hear(4s, "203.5.5.5", "bob") == Action::ban);
  CHECK(judge.banned == std::set<std::string>{kAway, "203.5.5.5"});
  CHECK(judge.last.why == "AS64500 (203.5.5.5) joined while 192.0.2.30 was active (strict)");
}

TEST_CASE("lines that judge nobody") {
  Judge judge{strict()};
  judge.hear(0s, kHome);
  CHECK_FALSE(judge.hear(1s, "127.0.0.1"));
  CHECK_FALSE(judge.hear(1s, "0.0.0.0"));
  CHECK_FALSE(judge.hear(1s, kAway, ""));
  event::Access rejected = line(1s, "ann", kAway);
  rejected.status = event::Status::rejected;
  CHECK_FALSE(judge.hear(rejected));
  event::Access nowhere = line(1s, "ann", kAway);
  nowhere.ip.reset();
  CHECK_FALSE(judge.hear(nowhere));
}

TEST_CASE("a user's own limit goes before the policy's, and 0 is unlimited") {
  Judge judge{strict(), {}, [](std::string_view user) -> std::optional<std::uint32_t> {
                if (user == "two") return 2;
                if (user == "any") return 0;
                return {};
              }};
  for (const char* ip : {kHome, kAway}) CHECK_FALSE(judge.hear(1s, ip, "two"));
  CHECK(judge.hear(1s, kThird, "two") == Action::ban);
  for (const char* ip : {kHome, kAway, kThird}) CHECK_FALSE(judge.hear(1s, ip, "any"));
}

TEST_CASE("a changed limit counts from the user's next line") {
  std::uint32_t limit = 1;
  Judge judge{strict(), {}, [&](std::string_view) { return std::optional{limit}; }};
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::ban);
  limit = 2;
  judge.detector.forget_limits();
  CHECK_FALSE(judge.hear(2s, kAway));
  limit = 1;
  judge.detector.forget_limits();
  CHECK(judge.hear(3s, kThird) == Action::ban);
}

TEST_CASE("only the N-th violation in a row is acted on") {
  session::Policy policy = strict();
  policy.confirm = 3;
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::report);
  CHECK(judge.last.why == "198.51.100.4 joined while 203.0.113.7 was active (strict); violation 1 of 3");
  CHECK(judge.hear(2s, kHome) == Action::report);
  CHECK(judge.hear(3s, kAway) == Action::ban);
}

TEST_CASE("a window without a violation starts the count over") {
  session::Policy policy = strict();
  policy.confirm = 2;
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::report);
  judge.hear(7s, kHome);
  CHECK(judge.hear(8s, kAway) == Action::report);
  CHECK(judge.hear(9s, kAway) == Action::ban);
}

TEST_CASE("an address banned less than the cooldown ago is reported once a window, not banned again") {
  Judge judge{strict()};
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::ban);
  CHECK(judge.hear(2s, kAway) == Action::report);
  CHECK_FALSE(judge.hear(3s, kAway));
  judge.hear(60500ms, kHome);
  CHECK(judge.hear(61s, kAway) == Action::ban);
}

TEST_CASE("who comes back is banned for longer, up to the longest, and starts over after staying away") {
  session::Policy policy = strict();
  policy.escalation = {.factor = 3, .most = 400s};
  Judge judge{policy};
  std::chrono::seconds at{0};
  const auto offend = [&](std::chrono::seconds after) {
    at += after;
    judge.hear(at, kHome);
    CHECK(judge.hear(at, kAway) == Action::ban);
    return judge.last.targets[0].duration;
  };
  CHECK(offend(0s) == 60s);
  CHECK(offend(70s) == 180s);
  CHECK(offend(190s) == 400s);
  CHECK(offend(410s) == 400s);
  CHECK(offend(800s) == 60s);
}

TEST_CASE("who is seen inside a longer ban is reported, not banned for longer still") {
  session::Policy policy = strict();
  policy.escalation = {.factor = 10, .most = 1h};
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::ban);
  judge.hear(70s, kHome);
  CHECK(judge.hear(71s, kAway) == Action::ban);
  CHECK(judge.last.targets[0].duration == 10min);
  judge.hear(200s, kHome);
  CHECK(judge.hear(201s, kAway) == Action::report);
  judge.hear(680s, kHome);
  CHECK(judge.hear(681s, kAway) == Action::ban);
}

TEST_CASE("dry run says what would be done and bans nobody") {
  session::Policy policy = strict();
  policy.dry_run = true;
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::report);
  CHECK(judge.banned.empty());
  CHECK(judge.last.why ==
        "198.51.100.4 joined while 203.0.113.7 was active (strict); dry run: would ban 198.51.100.4 for 1m");
  CHECK(judge.hear(2s, kAway) == Action::report);
  CHECK(judge.last.why ==
        "198.51.100.4 joined while 203.0.113.7 was active (strict); dry run: 198.51.100.4 would have been "
        "banned less than the cooldown ago");
}

TEST_CASE("exempt users and networks are not counted") {
  session::Policy policy = strict();
  policy.exempt_users = {"ann"};
  policy.exempt_nets = {*ip::parse_prefix("198.51.100.0/24")};
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK_FALSE(judge.hear(1s, kThird));
  judge.hear(0s, kHome, "bob");
  CHECK_FALSE(judge.hear(1s, kAway, "bob"));
  CHECK(judge.hear(2s, kThird, "bob") == Action::ban);
}

TEST_CASE("an exempt address is named beside those that count, and counts for nothing") {
  session::Policy policy = strict();
  policy.exempt_nets = {*ip::parse_prefix("198.51.100.0/24"), *ip::parse_prefix("2001:db8:1::5/128")};
  policy.group4 = 16;
  policy.shared_limit = 3;
  policy.torrent_tags = {"torrent"};
  Judge judge{policy};
  CHECK_FALSE(judge.hear(0s, kAway));
  CHECK_FALSE(judge.hear(0s, "2001:db8:1::5"));
  CHECK_FALSE(judge.hear(1s, kHome));
  CHECK(judge.detector.held_by("ann").size() == 1);
  SUBCASE("the violation says so") {
    CHECK(judge.hear(2s, kThird) == Action::ban);
    CHECK(judge.last.why ==
          "192.0.0.0/16 joined while 203.0.0.0/16 was active (strict); not counted, exempt: 198.51.100.4, "
          "2001:db8:1::/64");
    CHECK(judge.last.counted == 2);
  }
  SUBCASE("what is beside it in its prefix is another place") {
    CHECK(judge.hear(2s, "2001:db8:1::6") == Action::spared);
    CHECK(judge.last.why ==
          "2001:db8:1::/64 joined while 203.0.0.0/16 was active (strict); not counted, exempt: 198.51.100.4, "
          "2001:db8:1::/64; spared: 2001:db8:1::/64 contains 2001:db8:1::5, which is exempt");
    CHECK(judge.last.targets.empty());
    CHECK(judge.hear(2s, "198.51.7.1") == Action::ban);
    CHECK(
        judge.last.why ==
        "198.51.0.0/16 joined while 2001:db8:1::/64 was active (strict); not counted, exempt: 198.51.100.4, "
        "2001:db8:1::/64; spared: 2001:db8:1::/64 contains 2001:db8:1::5, which is exempt");
    CHECK(judge.banned == std::set<std::string>{"198.51.7.1"});
  }
  SUBCASE("many users make it no gateway, and it is no torrent") {
    for (const char* user : {"bob", "dan", "eve"}) CHECK_FALSE(judge.hear(2s, kAway, user));
    for (const char* user : {"bob", "dan", "eve"}) CHECK_FALSE(judge.hear(2s, "2001:db8:1::5", user));
    CHECK_FALSE(judge.hear(3s, "2001:db8:1::6", "fay"));
    event::Access access = line(3s, "gus", kAway);
    access.outbound = "torrent";
    CHECK_FALSE(judge.hear(access));
  }
}

TEST_CASE("limits are read in both forms, and a wrong line is named") {
  const auto limits = session::Limits::parse(
      "\xef\xbb\xbf# comment\n42 3\neve with space "
      "2\r\n\n{\"type\":\"limit\",\"user\":\"ann\",\"limit\":0}\n42 4");
  REQUIRE(limits);
  CHECK(limits->of("42") == 4);
  CHECK(limits->of("eve with space") == 2);
  CHECK(limits->of("ann") == 0);
  CHECK_FALSE(limits->of("bob"));
  const auto wrong = session::Limits::parse("42 3\nbob many\n");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().text == "line 2 'bob many': 'many' is not a number");
}
