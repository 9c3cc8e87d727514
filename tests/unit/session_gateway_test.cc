// SPDX-License-Identifier: MIT
// Addresses that many users share.
#include <algorithm>

#include "session_story.h"

using namespace story;

TEST_CASE("a gateway counts for nobody, is reported once a window and never banned") {
  Judge judge{strict()};
  for (int user = 1; user <= 7; ++user) CHECK_FALSE(judge.hear(1s, kAway, "user" + std::to_string(user)));
  CHECK(judge.hear(1s, kAway, "user8") == Action::spared);
  CHECK(judge.last.rule == "shared");
  CHECK(judge.hear(2s, kHome, "user1") == Action::spared);
  CHECK(judge.last.why ==
        "203.0.113.7 joined while 198.51.100.4 was active (strict); not counted, a gateway: 198.51.100.4");
  CHECK_FALSE(judge.hear(3s, kAway, "user1"));
  CHECK(judge.banned.empty());
  CHECK(judge.hear(6s, kAway, "user3") == std::nullopt);  // by now the others' windows have run out
}

TEST_CASE("what comes through a gateway says nothing about the rest of its place") {
  constexpr const char* kGateway = "198.51.100.7";
  session::Policy policy;
  policy.torrent_rate = {.hosts = 3, .within = 10s};
  SUBCASE("an IPv4 prefix") { policy.group4 = 24; }
  SUBCASE("a system") {
    policy.asn_of = [](const ip::Address& ip) { return ip.v4_value() >> 24 == 198 ? 64500U : 64501U; };
  }
  Judge judge{policy};
  const auto crowd = [&](std::chrono::microseconds at) {
    for (int user = 1; user <= 8; ++user) judge.hear(at, kGateway, "user" + std::to_string(user));
  };
  crowd(0s);
  CHECK_FALSE(judge.hear(1s, kHome));
  CHECK_FALSE(judge.hear(1s, kGateway));
  CHECK(judge.hear(2s, kHome) == Action::spared);
  CHECK(judge.last.why.ends_with(" had joined (overlap); not counted, a gateway: 198.51.100.7"));
  SUBCASE("an address beside it joins with its own first line") {
    CHECK(judge.hear(3s, kAway).value_or(Action::spared) == Action::spared);
    crowd(4s);
    judge.hear(5s, kGateway);
    CHECK(judge.banned.empty());
    CHECK(judge.hear(6s, kHome) == Action::ban);
    CHECK(judge.banned == std::set<std::string>{kAway});
  }
  SUBCASE("an address that was there before is not seen again through it") {
    judge.hear(0s, kAway, "bob");
    judge.hear(1s, kHome, "bob");
    judge.hear(2s, kGateway, "bob");
    CHECK(judge.banned.empty());
    CHECK(judge.hear(3s, kAway, "bob") == Action::ban);
    CHECK(judge.banned == std::set<std::string>{kHome});
  }
  SUBCASE("nor when it is a gateway no more") {
    judge.hear(5s, kHome);
    judge.hear(5500ms, kGateway);
    CHECK(judge.banned.empty());
    CHECK_FALSE(judge.hear(5600ms, kAway));
    CHECK(judge.hear(7s, kHome) == Action::ban);
    CHECK(judge.banned == std::set<std::string>{kAway, kGateway});
  }
  SUBCASE("nor do the hosts it connects to") {
    event::Access access = line(2s, "ann", kGateway);
    access.dport = 6881;
    const auto is_torrent = [&](const char* from, const std::string& host) {
      access.ip = ip::parse_address(from);
      access.host = host;
      const std::vector<Verdict> verdicts = judge.detector.feed(access);
      return std::any_of(verdicts.begin(), verdicts.end(),
                         [](const Verdict& verdict) { return verdict.rule == "torrent"; });
    };
    CHECK_FALSE(is_torrent(kGateway, "192.0.2.1"));
    CHECK_FALSE(is_torrent(kGateway, "192.0.2.2"));
    CHECK_FALSE(is_torrent(kGateway, "192.0.2.3"));
    CHECK_FALSE(is_torrent(kAway, "192.0.2.4"));
    CHECK(is_torrent(kGateway, "192.0.2.4"));
  }
}
