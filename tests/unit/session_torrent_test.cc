// SPDX-License-Identifier: MIT
// The rules about torrents.
#include "session_story.h"

using namespace story;

TEST_CASE("many hosts by address on high ports in a short time are a torrent") {
  session::Policy policy;
  policy.torrent_rate = {.hosts = 20, .within = 10s};
  Judge judge{policy};
  const auto connect = [&](int second, const std::string& host, std::uint16_t port) {
    event::Access access = line(std::chrono::seconds{second}, "ann", kHome);
    access.host = host;
    access.dport = port;
    return judge.hear(access);
  };
  SUBCASE("browsing is none") {
    for (int i = 0; i < 100; ++i) {
      CHECK_FALSE(connect(0, "host" + std::to_string(i) + ".example.com", 8443));
      CHECK_FALSE(connect(0, "198.51.100." + std::to_string(i), 443));
      CHECK_FALSE(connect(0, "198.51.100.1", 40000));
    }
  }
  SUBCASE("slowly is none") {
    for (int i = 0; i < 100; ++i) CHECK_FALSE(connect(i, "198.51.100." + std::to_string(i), 6881));
  }
  SUBCASE("quickly is one") {
    int banned = 0;
    for (int i = 0; i < 30; ++i) banned += connect(1, "198.51.100." + std::to_string(i), 6881) == Action::ban;
    CHECK(banned == 1);
    CHECK(judge.banned == std::set<std::string>{kHome});
  }
}

TEST_CASE("hosts are counted by place, whichever of its addresses connects to them") {
  session::Policy policy;
  policy.torrent_rate = {.hosts = 20, .within = 10s};
  int others = 0;
  SUBCASE("an IPv4 prefix") { policy.group4 = 24; }
  SUBCASE("a system") {
    policy.asn_of = [](const ip::Address& ip) { return ip.v4_value() >> 24 == 203 ? 64500U : 64501U; };
  }
  SUBCASE("but not those of another place") { others = 1; }
  Judge judge{policy};
  int banned = 0;
  for (int i = 0; i < 40; ++i) {
    event::Access access = line(1s, "ann", "203.0.113." + std::to_string(1 + i % 4));
    const std::string host = "198.51.100." + std::to_string(i);
    access.host = host;
    access.dport = 6881;
    for (const Verdict& verdict : judge.detector.feed(access))
      banned += verdict.rule == "torrent" && verdict.action == Action::ban ? 1 : 0;
  }
  CHECK(banned == 1 - others);
}

TEST_CASE("counts of hosts stay bounded, and those that fired do not harm") {
  session::Policy policy;
  policy.torrent_rate = {.hosts = 1, .within = 1h};
  policy.window = 1h;
  policy.limit = 0;
  policy.shared_limit = 0;
  Judge judge{policy};
  const auto connect = [&](const std::string& user, const std::string& host) {
    event::Access access = line(1s, user, kHome);
    access.host = host;
    access.dport = 6881;
    return judge.hear(access);
  };
  connect("bad", "198.51.100.1");
  connect("bad", "198.51.100.2");
  for (std::size_t i = 0; i < session::Bursts::kMost + 50; ++i)
    connect("user" + std::to_string(i), "198.51.100.1");
  CHECK(judge.detector.take_evicted() > 0);
}

TEST_CASE("a count that was dropped is named by the connection that dropped it, and no other") {
  session::Bursts bursts{{.hosts = 9, .within = 1h}};
  for (std::uint64_t place = 0; place < session::Bursts::kMost; ++place) bursts.add(place, kThird, kNoon);
  CHECK_FALSE(bursts.gone());
  bursts.add(session::Bursts::kMost, kThird, kNoon);
  CHECK(bursts.gone() == 0);
  bursts.add(session::Bursts::kMost, kHome, kNoon);
  CHECK_FALSE(bursts.gone());
}

TEST_CASE("a torrent tag bans the place, whatever the limit") {
  session::Policy policy;
  policy.torrent_tags = {"torrent"};
  Judge judge{policy};
  event::Access access = line(0s, "ann", kHome);
  access.outbound = "torrent";
  CHECK(judge.hear(access) == Action::ban);
  CHECK(judge.last.rule == "torrent");
  CHECK(judge.banned == std::set<std::string>{kHome});
}
