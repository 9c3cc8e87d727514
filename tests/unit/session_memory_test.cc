// SPDX-License-Identifier: MIT
// Clocks that step, and who is forgotten when.
#include "session_story.h"

using namespace story;

TEST_CASE("a line older than the user's newest counts as the newest") {
  Judge judge{strict()};
  judge.hear(10s, kHome);
  CHECK(judge.hear(8s, kAway) == Action::ban);
}

TEST_CASE("a clock set back starts the user anew") {
  Judge judge{strict()};
  judge.hear(std::chrono::hours{1}, kHome);
  CHECK_FALSE(judge.hear(0s, kAway));
  CHECK_FALSE(judge.hear(10s, kHome));
}

TEST_CASE("a node whose clock is ahead does not make the detector forget another's users") {
  Judge judge{{}};
  judge.hear(0s, kHome);
  judge.hear(40s, kHome, "ahead");
  judge.hear(1s, kAway);
  judge.hear(41s, kHome, "ahead");
  CHECK(judge.hear(2s, kHome) == Action::ban);
}

TEST_CASE("a ban from before the clock was set back cools nobody down") {
  Judge judge{strict()};
  judge.hear(1h, kHome);
  CHECK(judge.hear(1h + 1s, kAway) == Action::ban);
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::ban);
}

TEST_CASE("users from before the clock was set back make no gateway") {
  Judge judge{strict()};
  for (int user = 1; user <= 8; ++user) judge.hear(30min, kAway, "user" + std::to_string(user));
  CHECK(judge.last.rule == "shared");
  judge.hear(0s, kHome, "user1");
  CHECK(judge.hear(1s, kAway, "user1") == Action::ban);
}

TEST_CASE("one line from the far future does not make the detector forget the others for ever") {
  Judge judge{strict()};
  judge.hear(0s, kHome);
  judge.hear(std::chrono::hours{24 * 365 * 20}, kHome, "odd");
  judge.hear(1s, kHome);
  CHECK(judge.hear(2s, kAway) == Action::ban);
}

TEST_CASE("lines of times to come make no gateway and none of its users forgotten") {
  Judge judge{{}};
  for (int user = 1; user <= 9; ++user) judge.hear(1s, kAway, "user" + std::to_string(user));
  SUBCASE("one at the gateway") { judge.hear(24h * 365 * 70, kAway, "forger"); }
  SUBCASE("many anywhere") {
    for (int user = 0; user < 100; ++user)
      judge.hear(24h * 365 * 70, kThird, "forger" + std::to_string(user));
  }
  judge.hear(2s, kHome, "user1");
  CHECK(judge.hear(3s, kAway, "user1") == Action::spared);
  CHECK(judge.last.why ==
        "198.51.100.4 was seen again after 203.0.113.7 had joined (overlap); not counted, a gateway: "
        "198.51.100.4");
}

TEST_CASE("the watermark follows by at most four blocks of lines") {
  session::Watermark mark;
  for (int i = 0; i < 1000; ++i) {
    mark.add(kNoon + std::chrono::seconds{i});
    CHECK(mark.get() <= kNoon + std::chrono::seconds{i});
    if (i < 191) CHECK(mark.get() == base::Time{});
    if (i >= 191) CHECK(mark.get() >= kNoon + std::chrono::seconds{i - 256});
  }
}

TEST_CASE("a few lines of other times do not move the watermark, not even the first ones") {
  std::chrono::hours off{};
  SUBCASE("from long ago") { off = -24h * 365; }
  SUBCASE("of a time to come") { off = 24h * 365; }
  CAPTURE(off.count());
  session::Watermark mark;
  for (int i = 0; i < 1000; ++i) {
    const base::Time now = kNoon + std::chrono::seconds{i};
    mark.add(i % 7 == 0 ? now + off : now);
    if (i % 7 == 0 || i < 192) continue;
    CHECK(mark.get() <= now);
    CHECK(mark.get() >= now - 256s);
  }
}

TEST_CASE("the watermark goes back with a clock that was set back, at once") {
  session::Watermark mark;
  for (int i = 0; i < 1000; ++i) mark.add(kNoon + std::chrono::seconds{i});
  for (int i = 0; i < 1000; ++i) {
    mark.add(kNoon - 1h + std::chrono::seconds{i});
    CHECK(mark.get() <= kNoon - 1h + std::chrono::seconds{i});
  }
}

TEST_CASE("a watermark goes on from what was kept of it") {
  for (std::uint64_t lines : {0, 1, 3, 4, 63, 64, 191, 192, 193, 1000}) {
    CAPTURE(lines);
    session::Watermark mark, again;
    for (std::uint64_t i = 0; i < lines; ++i) mark.add(kNoon + std::chrono::seconds{i * i % 61});
    std::vector<base::Time> times = mark.times();
    REQUIRE(again.restore(lines, mark.last(), times));
    CHECK(again.get() == mark.get());
    for (std::uint64_t i = 0; i < 300; ++i) {
      mark.add(kNoon + std::chrono::seconds{i * 17 % 67});
      again.add(kNoon + std::chrono::seconds{i * 17 % 67});
      CHECK(again.get() == mark.get());
    }
    times.push_back(kNoon);
    CHECK_FALSE(again.restore(lines, mark.last(), times));
  }
}

TEST_CASE("beyond the cap the user idle longest goes, and is counted") {
  session::Policy policy = strict();
  policy.max_users = 10;
  Judge judge{policy};
  for (int user = 0; user < 25; ++user) judge.hear(1s, kHome, "user" + std::to_string(user));
  CHECK(judge.detector.users() == 10);
  CHECK(judge.detector.take_evicted() == 15);
  CHECK(judge.detector.take_evicted() == 0);
}

TEST_CASE("a user with ever more addresses is remembered at some of them, and the rest is counted") {
  session::Policy policy;
  policy.shared_limit = 0;
  Judge judge{policy};
  for (std::uint32_t i = 0; i < 1000; ++i) {
    event::Access access = line(std::chrono::milliseconds{i}, "ann", kHome);
    access.ip = ip::Address::v4(0x0b000000U + i);
    CHECK(!judge.hear(access));
  }
  CHECK(judge.detector.held_by("ann").size() == 65);
  CHECK(judge.detector.take_evicted() == 935);
  CHECK(judge.hear(1s, "11.0.3.230") == Action::ban);
  CHECK(judge.banned == std::set<std::string>{"11.0.3.231"});
}

TEST_CASE("who is banned for good is not banned again, unless a cooldown is given") {
  session::Policy policy = strict();
  policy.ban_time = 0s;
  SUBCASE("none is") {}
  SUBCASE("one is") { policy.cooldown = 1h; }
  Judge judge{policy};
  judge.hear(0s, kHome);
  CHECK(judge.hear(1s, kAway) == Action::ban);
  CHECK(judge.hear(3s, kAway) == Action::report);
  judge.hear(24h, kHome);
  CHECK(judge.hear(24h + 1s, kAway) == (policy.cooldown ? Action::ban : Action::report));
}

TEST_CASE("a ban that is forgotten while its cooldown runs is counted") {
  session::Policy policy = strict();
  SUBCASE("it runs") { policy.cooldown = 1h; }
  SUBCASE("it does not") { policy.cooldown = 0s; }
  Judge judge{policy};
  for (std::uint32_t ban = 0; ban <= session::History::kMost; ++ban) {
    judge.hear(1s, kHome);
    REQUIRE(judge.hear(1s, ip::to_string(ip::Address::v4(0x0a000000 + ban))) == Action::ban);
  }
  CHECK(judge.detector.take_evicted() == (policy.cooldown == 1h ? 1 : 0));
}

TEST_CASE("users without an active place are forgotten") {
  Judge judge{strict()};
  for (int user = 0; user < 1000; ++user) judge.hear(1s, kHome, "user" + std::to_string(user));
  for (int user = 0; user < 900; ++user) judge.hear(2h, kAway, "other" + std::to_string(user % 100));
  CHECK(judge.detector.users() == 100);
  CHECK(judge.detector.take_evicted() == 0);
}
