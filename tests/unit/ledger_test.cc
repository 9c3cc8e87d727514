// SPDX-License-Identifier: MIT
// A journal is replayed to the bans that are alive at a moment.
#include "ledger/ledger.h"

#include <doctest/doctest.h>

#include "event/encode.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

const base::Time kNoon = *base::parse_time("2026-06-01T12:00:00Z");
const ip::Prefix kAnn = *ip::parse_prefix("192.0.2.1");
const ip::Prefix kBob = *ip::parse_prefix("192.0.2.2");

std::string banned(base::Time at, const ip::Prefix& target, std::chrono::seconds duration,
                   std::string_view reason = "", event::Direction direction = event::Direction::in) {
  event::Ban ban;
  ban.at = at;
  ban.target = target;
  ban.duration = duration;
  ban.direction = direction;
  ban.origin = "fi-1/session-detect";
  ban.reason = reason;
  event::Line line;
  std::string text{event::encode(event::Banned{ban, event::BanResult::added, "xlimit4"}, line)};
  text.pop_back();
  return text;
}

std::string unbanned(base::Time at, const ip::Prefix& target) {
  event::Unban unban;
  unban.at = at;
  unban.target = target;
  event::Line line;
  std::string text{event::encode(event::Unbanned{unban, true, "xlimit4"}, line)};
  text.pop_back();
  return text;
}

void take(ledger::Ledger& ledger, std::string line, base::Time now = kNoon) {
  const std::size_t size = line.size();
  line.resize(size + event::kPadding);
  ledger.take({line.data(), size}, now);
}

std::size_t alive(const ledger::Ledger& ledger, base::Time now) {
  std::size_t count = 0;
  ledger.each(now, [&](const ledger::Key&, const ledger::Entry&) { ++count; });
  return count;
}

}  // namespace

TEST_CASE("a ban is known until it ends, with what is left and why") {
  ledger::Ledger ledger;
  take(ledger, banned(kNoon, kAnn, 60s, "3 addresses, limit 1"));
  const ledger::Entry* entry = ledger.find({kAnn}, kNoon + 59s);
  REQUIRE(entry != nullptr);
  CHECK(*entry->left(kNoon + 59s) == 1s);
  CHECK(ledger.read(*entry).ban.reason == "3 addresses, limit 1");
  CHECK(ledger.read(*entry).ban.origin == "fi-1/session-detect");
  CHECK(ledger.find({kAnn}, kNoon + 60s) == nullptr);
  CHECK(ledger.find({kBob}, kNoon) == nullptr);
}

TEST_CASE("a permanent ban has nothing left to wait for and never ends") {
  ledger::Ledger ledger;
  take(ledger, banned(kNoon, kAnn, 0s));
  const ledger::Entry* entry = ledger.find({kAnn}, kNoon + std::chrono::hours{24 * 3650});
  REQUIRE(entry != nullptr);
  CHECK(*entry->left(kNoon) == 0s);
  CHECK(entry->is_permanent());
}

TEST_CASE("a longer ban takes the place of a shorter, a shorter never that of a longer") {
  ledger::Ledger ledger;
  take(ledger, banned(kNoon, kAnn, 60s, "first"));
  take(ledger, banned(kNoon + 10s, kAnn, 20s, "shorter"));
  CHECK(ledger.read(*ledger.find({kAnn}, kNoon + 10s)).ban.reason == "first");
  take(ledger, banned(kNoon + 10s, kAnn, 600s, "longer"));
  CHECK(ledger.read(*ledger.find({kAnn}, kNoon + 10s)).ban.reason == "longer");
  take(ledger, banned(kNoon + 20s, kAnn, 0s, "for good"));
  take(ledger, banned(kNoon + 30s, kAnn, 1000s, "for a while"));
  CHECK(ledger.read(*ledger.find({kAnn}, kNoon + 30s)).ban.reason == "for good");
}

TEST_CASE("a ban that ended gives way to a new one, however short") {
  ledger::Ledger ledger;
  take(ledger, banned(kNoon, kAnn, 60s, "first"), kNoon);
  take(ledger, banned(kNoon + 60s, kAnn, 1s, "second"), kNoon + 60s);
  CHECK(ledger.read(*ledger.find({kAnn}, kNoon + 60s)).ban.reason == "second");
}

TEST_CASE("a lifted ban is forgotten, of its direction only") {
  ledger::Ledger ledger;
  take(ledger, banned(kNoon, kAnn, 0s));
  take(ledger, banned(kNoon, kAnn, 0s, "", event::Direction::out));
  take(ledger, banned(kNoon, kBob, 0s));
  take(ledger, unbanned(kNoon + 1s, kAnn));
  CHECK(ledger.find({kAnn}, kNoon) == nullptr);
  CHECK(ledger.find({kAnn, event::Direction::out}, kNoon) != nullptr);
  CHECK(ledger.find({kBob}, kNoon) != nullptr);
}

TEST_CASE("torn and foreign lines cost nothing but themselves") {
  ledger::Ledger ledger;
  const std::string whole = banned(kNoon, kAnn, 60s);
  for (std::size_t size = 1; size < whole.size(); ++size) take(ledger, whole.substr(0, size));
  CHECK(ledger.broken() == whole.size() - 1);
  CHECK(alive(ledger, kNoon) == 0);
  take(ledger, R"({"type":"compacted","bytes":12})");
  take(ledger, "");
  CHECK(ledger.broken() == whole.size() - 1);
  take(ledger, whole);
  CHECK(alive(ledger, kNoon) == 1);
}

TEST_CASE("a clock that was set back does not lengthen a ban") {
  ledger::Ledger ledger;
  const base::Time years_ago = kNoon - std::chrono::hours{24 * 3650};
  take(ledger, banned(kNoon, kAnn, 60s), years_ago);
  CHECK(*ledger.find({kAnn}, years_ago)->left(years_ago) == 60s);
}

TEST_CASE("a full ledger makes room by what has ended, and counts what it can not take") {
  ledger::Ledger ledger{2};
  take(ledger, banned(kNoon, kAnn, 1s), kNoon);
  take(ledger, banned(kNoon, kBob, 60s), kNoon);
  take(ledger, banned(kNoon, *ip::parse_prefix("192.0.2.3"), 60s), kNoon + 2s);
  CHECK(ledger.dropped() == 0);
  take(ledger, banned(kNoon, *ip::parse_prefix("192.0.2.4"), 60s), kNoon + 2s);
  CHECK(ledger.dropped() == 1);
  CHECK(alive(ledger, kNoon + 2s) == 2);
}

TEST_CASE("what lasts is told by direction and family, without what is nearly over") {
  ledger::Ledger ledger;
  const ip::Prefix six = *ip::parse_prefix("2001:db8::/64");
  take(ledger, banned(kNoon, kAnn, 0s), kNoon);
  take(ledger, banned(kNoon, kBob, 10s), kNoon);
  take(ledger, banned(kNoon, six, 60s, "", event::Direction::out), kNoon);
  CHECK(ledger.lasting(event::Direction::in, true, kNoon, 2s).size() == 2);
  CHECK(ledger.lasting(event::Direction::in, true, kNoon + 8s, 2s) == std::vector{kAnn});
  CHECK(ledger.lasting(event::Direction::in, false, kNoon, 2s).empty());
  CHECK(ledger.lasting(event::Direction::out, false, kNoon, 2s) == std::vector{six});
}
