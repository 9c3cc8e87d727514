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

TEST_CASE("who was at a gateway is not new there when it is one no more") {
  Judge judge{session::Policy{}};
  const auto crowd = [&](std::chrono::microseconds at) {
    for (int user = 1; user <= 7; ++user) judge.hear(at, kAway, "user" + std::to_string(user));
  };
  crowd(0s);
  CHECK(judge.hear(1ms, kAway) == Action::spared);
  for (int second = 2; second <= 10; second += 2) {
    crowd(std::chrono::seconds{second});
    CHECK_FALSE(judge.hear(std::chrono::seconds{second} + 1ms, kAway));  // in its next window user1 is told
  }
  judge.hear(10500ms, kHome);
  CHECK(judge.hear(13s, kHome) == std::nullopt);
  CHECK(judge.hear(15s, kAway) == Action::ban);
  CHECK(judge.banned == std::set<std::string>{kHome});
}

namespace {

constexpr const char* kGateway = "198.51.100.7";  // of one group with kAway

void crowd(Judge& judge, std::chrono::microseconds at, const char* ip = kGateway) {
  for (int user = 1; user <= 8; ++user) judge.hear(at, ip, "user" + std::to_string(user));
}

session::Policy by_prefix() {
  session::Policy policy;
  policy.group4 = 24;
  return policy;
}

session::Policy by_system() {
  session::Policy policy;
  policy.asn_of = [](const ip::Address& ip) { return ip.v4_value() >> 24 == 198 ? 64500U : 64501U; };
  return policy;
}

// Ann is at home and at a gateway, which is left out.
void tell_of_gateways(session::Policy policy) {
  policy.torrent_rate = {.hosts = 3, .within = 10s};
  Judge story{policy};
  crowd(story, 0s);
  for (const char* ip : {kHome, kGateway}) story.hear(1s, ip);
  story.hear(2s, kHome);
  SUBCASE("an address beside it joins with its own first line") {
    CHECK_FALSE(story.hear(3s, kAway));
    crowd(story, 4s);
    story.hear(5s, kGateway);
    CHECK(story.banned.empty());
    CHECK(story.hear(6s, kHome) == Action::ban);
    CHECK(story.banned == std::set<std::string>{kAway});
  }
  SUBCASE("an address that was there before is not seen again through it") {
    story.hear(0s, kAway, "bob");
    story.hear(1s, kHome, "bob");
    story.hear(2s, kGateway, "bob");
    CHECK(story.banned.empty());
    CHECK(story.hear(3s, kAway, "bob") == Action::ban);
    CHECK(story.banned == std::set<std::string>{kHome});
  }
  SUBCASE("nor when it is a gateway no more") {
    story.hear(5s, kHome);
    story.hear(5500ms, kGateway);
    CHECK(story.banned.empty());
    CHECK_FALSE(story.hear(5600ms, kAway));
    CHECK(story.hear(7s, kHome) == Action::ban);
    CHECK(story.banned == std::set<std::string>{kAway});
  }
  SUBCASE("who is at both is at one place, and breaks no rule") {
    CHECK_FALSE(story.hear(2s, kGateway, "bob"));
    CHECK_FALSE(story.hear(3s, kAway, "bob"));
    CHECK_FALSE(story.hear(4s, kGateway, "bob"));
    CHECK_FALSE(story.hear(5s, kAway, "bob"));
  }
  SUBCASE("who is at two gateways of one group is at one place, too") {
    crowd(story, 1s, kAway);
    for (const auto at : {2000ms, 2500ms, 3000ms}) {
      CHECK_FALSE(story.hear(at, kGateway, "bob"));
      CHECK_FALSE(story.hear(at, kAway, "bob"));
    }
    CHECK_FALSE(story.hear(3500ms, kHome, "bob"));
    CHECK(story.hear(4s, kGateway, "bob") == Action::spared);
    CHECK(story.last.why.ends_with("; not counted, a gateway: 198.51.100.7, 198.51.100.4"));
  }
  SUBCASE("nor do the hosts it connects to") {
    event::Access access = line(2s, "ann", kGateway);
    access.dport = 6881;
    const auto is_torrent = [&](const char* from, const std::string& host) {
      access.ip = ip::parse_address(from);
      access.host = host;
      const std::vector<Verdict> verdicts = story.detector.feed(access);
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

}  // namespace

TEST_CASE("who is at home and at a gateway is at one place, and the gateway is named") {
  session::Policy policy;
  SUBCASE("of a prefix") { policy = by_prefix(); }
  SUBCASE("of a system") { policy = by_system(); }
  Judge judge{policy};
  crowd(judge, 0s);
  CHECK_FALSE(judge.hear(1s, kHome));
  CHECK_FALSE(judge.hear(1s, kGateway));
  CHECK(judge.hear(2s, kHome) == Action::spared);
  CHECK(judge.last.why.ends_with(" had joined (overlap); not counted, a gateway: 198.51.100.7"));
}

TEST_CASE("what comes through a gateway says nothing about the rest of its prefix") {
  tell_of_gateways(by_prefix());
}

TEST_CASE("what comes through a gateway says nothing about the rest of its system") {
  tell_of_gateways(by_system());
}

TEST_CASE("a gateway costs no look at the addresses of other systems") {
  session::Policy policy;
  policy.limit = 3;
  int asked = 0;
  policy.asn_of = [&](const ip::Address& ip) {
    ++asked;
    return 64500 + (ip.v4_value() >> 24);
  };
  Judge judge{policy};
  crowd(judge, 0s);
  for (const char* ip : {kGateway, kHome, kThird}) CHECK_FALSE(judge.hear(1s, ip));
  asked = 0;
  CHECK_FALSE(judge.hear(2s, "10.0.0.1"));
  CHECK(asked == 2);  // the line's own and, as he is beyond his limit, the gateway's
}
