// SPDX-License-Identifier: MIT
// Local minutes to UTC, by the system's own tzdata.
#include <doctest/doctest.h>

#include "base/zone.h"

using namespace std::chrono_literals;
using std::chrono::local_days;
using std::chrono::sys_days;
using std::chrono::year;
using xlimit::base::to_utc;
using xlimit::base::use_zone;

TEST_CASE("a zone's name is checked before it is used") {
  for (const char* name : {"Mars/Olympus", "../../etc/passwd", "/etc/localtime", ":UTC", "Europe"}) {
    const auto set = use_zone(name);
    REQUIRE(!set);
    CHECK(set.error().code == xlimit::base::Exit::kUsage);
  }
  CHECK(use_zone("UTC"));
  CHECK(to_utc(local_days{year{2026} / 6 / 1} + 12h).first == sys_days{year{2026} / 6 / 1} + 12h);
}

TEST_CASE("any year that a log may name is one") {
  REQUIRE(use_zone("UTC"));
  for (const int any : {1, 1677, 2263, 9999}) {
    CAPTURE(any);
    CHECK(to_utc(local_days{year{any} / 6 / 1} + 12h).first == sys_days{year{any} / 6 / 1} + 12h);
  }
}

TEST_CASE("a minute that is shown twice has two times, one that is skipped has one") {
  if (!use_zone("Europe/Berlin")) return;  // a system without tzdata
  const auto summer = to_utc(local_days{year{2026} / 6 / 1} + 12h);
  CHECK(summer.first == sys_days{year{2026} / 6 / 1} + 10h);
  CHECK(summer.second == summer.first);
  const auto twice = to_utc(local_days{year{2026} / 10 / 25} + 2h + 30min);
  CHECK(twice.first == sys_days{year{2026} / 10 / 25} + 30min);
  CHECK(twice.second == sys_days{year{2026} / 10 / 25} + 1h + 30min);
  const auto skipped = to_utc(local_days{year{2026} / 3 / 29} + 2h + 30min);
  CHECK(skipped.first == sys_days{year{2026} / 3 / 29} + 1h + 30min);
  CHECK(skipped.second == skipped.first);
}
