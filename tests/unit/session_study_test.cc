// SPDX-License-Identifier: MIT
// Recorded streams read for people: time lines and comparisons.
#include "session/compare.h"
#include "session/explain.h"
#include "session_story.h"

using namespace story;

TEST_CASE("a time line tells what each line changed") {
  session::Detector detector{{}, {}, {}};
  session::Explainer explainer{detector, "ann"};
  CHECK(explainer.hear(line(0s, "ann", kHome)) ==
        "2026-06-01T12:00:00.000000Z  203.0.113.7 port 40000: joins; holds 1 of 1: 203.0.113.7\n");
  CHECK(explainer.hear(line(1s, "bob", kHome)).empty());
  CHECK(explainer.hear(line(1s, "ann", "127.0.0.1")) ==
        "2026-06-01T12:00:01.000000Z  127.0.0.1 port 40000: not counted, from loopback\n");
  explainer.hear(line(2s, "ann", kAway));
  CHECK(explainer.hear(line(3s, "ann", kHome)) ==
        "2026-06-01T12:00:03.000000Z  203.0.113.7 port 40000: seen again; holds 1 of 1: 203.0.113.7\n"
        "    addresses: ban: 203.0.113.7 was seen again after 198.51.100.4 had joined (overlap)\n"
        "    ban 198.51.100.4 for 1m\n");
  CHECK(explainer.hear(line(20s, "ann", kThird)) ==
        "2026-06-01T12:00:20.000000Z  192.0.2.30 port 40000: joins; holds 1 of 1: 192.0.2.30\n"
        "    203.0.113.7 has left: nothing since 2026-06-01T12:00:03.000000Z\n");
  CHECK(explainer.sum() == "5 lines of 'ann': 1 violations, 1 bans\n");
}

TEST_CASE("a time line tells by what a line is exempt") {
  session::Policy policy = strict();
  policy.exempt_users = {"bob"};
  policy.exempt_nets = {*ip::parse_prefix("198.51.100.0/24")};
  session::Detector detector{policy, {}, {}};
  session::Explainer ann{detector, "ann"}, bob{detector, "bob"};
  CHECK(ann.hear(line(0s, "ann", kAway)) ==
        "2026-06-01T12:00:00.000000Z  198.51.100.4 port 40000: not counted, exempt by --exempt-net "
        "198.51.100.0/24\n");
  CHECK(bob.hear(line(0s, "bob", kHome)) ==
        "2026-06-01T12:00:00.000000Z  203.0.113.7 port 40000: not counted, exempt by --exempt-user\n");
  ann.hear(line(1s, "ann", kHome));
  const std::string told = ann.hear(line(2s, "ann", kThird));
  CHECK(told.find("holds 1 of 1: 203.0.113.7\n") != std::string::npos);
  CHECK(told.find("not counted, exempt: 198.51.100.4\n") != std::string::npos);
}

TEST_CASE("a time line tells that the one who is banned by his own line was there before") {
  session::Policy policy;
  policy.confirm = 2;
  session::Detector detector{policy, {}, {}};
  session::Explainer explainer{detector, "ann"};
  explainer.hear(line(0s, "ann", kHome));
  explainer.hear(line(1s, "ann", kAway));
  explainer.hear(line(2s, "ann", kHome));
  const std::string told = explainer.hear(line(3s, "ann", kAway));
  CHECK(told.find("seen again; holds 1 of 1: 203.0.113.7\n") != std::string::npos);
  CHECK(told.find("ban 198.51.100.4 for 1m") != std::string::npos);
}

TEST_CASE("a time line knows a place by all its addresses") {
  session::Policy policy;
  policy.group4 = 24;
  session::Detector detector{policy, {}, {}};
  session::Explainer explainer{detector, "ann"};
  explainer.hear(line(0s, "ann", kHome));
  CHECK(explainer.hear(line(1s, "ann", "203.0.113.9")) ==
        "2026-06-01T12:00:01.000000Z  203.0.113.9 port 40000: seen again; holds 1 of 1: 203.0.113.0/24\n");
  explainer.hear(line(2s, "ann", kAway));
  CHECK(explainer.hear(line(3s, "ann", "203.0.113.11")) ==
        "2026-06-01T12:00:03.000000Z  203.0.113.11 port 40000: seen again; holds 1 of 1: 203.0.113.0/24\n"
        "    addresses: ban: 203.0.113.0/24 was seen again after 198.51.100.0/24 had joined (overlap)\n"
        "    ban 198.51.100.4 for 1m\n");
}

TEST_CASE("a time line tells why a place is no longer held") {
  session::Policy policy;
  policy.max_users = 1;
  session::Detector detector{policy, {}, {}};
  session::Explainer explainer{detector, "ann"};
  const auto told = [&](std::chrono::seconds at, const char* ip) {
    std::string text = explainer.hear(line(at, "ann", ip));
    return text.substr(text.find('\n') + 1);
  };
  told(1h, kHome);
  CHECK(told(0s, kHome) == "    203.0.113.7 is forgotten: the clock was set back\n");
  explainer.hear(line(1s, "bob", kHome));
  CHECK(told(2s, kAway) ==
        "    203.0.113.7 is forgotten, for want of room or because others are far ahead in time\n");
}

TEST_CASE("a time line tells who has left beside a verdict, and whom others have made a gateway") {
  session::Policy policy = strict();
  policy.torrent_tags = {"tor"};
  session::Detector detector{policy, {}, {}};
  session::Explainer explainer{detector, "ann"};
  explainer.hear(line(0s, "ann", kHome));
  event::Access torrent = line(9s, "ann", kAway);
  torrent.outbound = "tor";
  CHECK(explainer.hear(torrent) ==
        "2026-06-01T12:00:09.000000Z  198.51.100.4 port 40000: joins; holds 0 of 1\n"
        "    203.0.113.7 has left: nothing since 2026-06-01T12:00:00.000000Z\n"
        "    torrent: ban: 198.51.100.4 was routed to 'tor'\n"
        "    ban 198.51.100.4 for 1m\n");
  explainer.hear(line(20s, "ann", kHome));
  for (int user = 0; user < 8; ++user) explainer.hear(line(21s, "user" + std::to_string(user), kHome));
  CHECK(explainer.hear(line(22s, "ann", kThird))
            .find("holds 1 of 1: 192.0.2.30; not counted, a gateway: "
                  "203.0.113.7\n") != std::string::npos);
}

TEST_CASE("a time line says what has no number in words") {
  session::Policy policy;
  policy.limit = 0;
  policy.ban_time = 0s;
  policy.torrent_tags = {"tor"};
  session::Detector detector{policy, {}, {}};
  session::Explainer explainer{detector, "ann"};
  event::Access torrent = line(0s, "ann", kHome);
  torrent.outbound = "tor";
  torrent.port.reset();
  CHECK(explainer.hear(torrent) ==
        "2026-06-01T12:00:00.000000Z  203.0.113.7: joins; holds 0\n"
        "    torrent: ban: 203.0.113.7 was routed to 'tor'\n"
        "    ban 203.0.113.7 for good\n");
}

TEST_CASE("policies that ban as often are compared by how long") {
  std::chrono::seconds ban_time{60};
  std::string expected;
  SUBCASE("longer") {
    ban_time = 1h;
    expected = R"("bans":1,"other_bans":1,"seconds":60,"other_seconds":3600)";
  }
  SUBCASE("for good") {
    ban_time = 0s;
    expected = R"("bans":1,"other_bans":1,"seconds":60,"other_seconds":0)";
  }
  SUBCASE("as long") {}
  session::Policy two = strict();
  two.ban_time = ban_time;
  session::Detector one{strict(), {}, {}}, other{two, {}, {}};
  session::Comparison comparison{one, other};
  comparison.hear(line(0s, "ann", kHome));
  comparison.hear(line(1s, "ann", kAway));
  std::string text;
  comparison.write("n", [&](std::string_view said) { text += said; });
  CHECK(text.empty() == expected.empty());
  if (!expected.empty()) CHECK(text.find(expected) != std::string::npos);
}

TEST_CASE("a target of two users counts once in the sum of a comparison") {
  session::Policy policy = strict();
  policy.cooldown = 0s;
  session::Detector one{policy, {}, {}}, other{policy, {}, {}};
  session::Comparison comparison{one, other};
  for (const char* user : {"ann", "bob"}) {
    comparison.hear(line(0s, user, kHome));
    comparison.hear(line(1s, user, kAway));
  }
  CHECK(comparison.sum("b.toml") ==
        "2 violations and 2 bans of 1 targets here, 2 and 2 of 1 by 'b.toml'; 0 targets only here, 0 only "
        "there");
}

TEST_CASE("two policies are compared by who breaks their rules and whom they ban") {
  session::Policy two = strict();
  two.limit = 2;
  session::Detector one{strict(), {}, {}}, other{two, {}, {}};
  session::Comparison comparison{one, other};
  for (const char* user : {"ann", "bob"}) {
    comparison.hear(line(0s, user, kHome));
    comparison.hear(line(1s, user, kAway));
  }
  comparison.hear(line(2s, "bob", kThird));
  std::string text;
  comparison.write("n", [&](std::string_view said) { text += said; });
  CHECK(text.find(R"("user":"ann","violations":1,"other_violations":0)") != std::string::npos);
  CHECK(text.find(R"("user":"ann","target":"198.51.100.4","bans":1,"other_bans":0)") != std::string::npos);
  CHECK(comparison.sum("b.toml") ==
        "3 violations and 2 bans of 2 targets here, 1 and 1 of 1 by 'b.toml'; 1 targets only here, 0 only "
        "there");
}
