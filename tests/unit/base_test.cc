// SPDX-License-Identifier: MIT
// Numbers, durations, times and identifiers as people and events write them.
#include <doctest/doctest.h>

#include "base/number.h"
#include "base/path.h"
#include "base/time.h"
#include "base/uuid.h"

using namespace xlimit;
using namespace std::chrono_literals;

TEST_CASE("durations are a count and a unit") {
  CHECK(*base::parse_duration("90") == 90s);
  CHECK(*base::parse_duration("5s") == 5s);
  CHECK(*base::parse_duration("2m") == 2min);
  CHECK(*base::parse_duration("1h") == 1h);
  CHECK(*base::parse_duration("7d") == 7 * 24h);
  for (const char* wrong : {"", "s", "-1", "1.5h", "5 s", "5x", "1h30m", "99999999999", "40000d"})
    CHECK_FALSE(base::parse_duration(wrong));
}

TEST_CASE("durations are shown in the largest unit that is exact") {
  CHECK(base::format_duration(90s) == "90s");
  CHECK(base::format_duration(120s) == "2m");
  CHECK(base::format_duration(7 * 24h) == "7d");
  CHECK(base::format_duration(0s) == "0s");
}

TEST_CASE("numbers have no sign, blank or fraction") {
  CHECK(*base::parse_number<std::uint16_t>("65535") == 65535);
  for (const char* wrong : {"", "65536", "-1", "+1", " 1", "1 ", "1.0", "0x1"})
    CHECK_FALSE(base::parse_number<std::uint16_t>(wrong));
}

TEST_CASE("a time that is read and written is the same text") {
  for (const char* text :
       {"2026-06-01T12:00:00.123456Z", "1970-01-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z"}) {
    char out[base::kTimeLength];
    CHECK(std::string{out, base::format_time(*base::parse_time(text), out)} == text);
  }
}

TEST_CASE("times may have any offset and any fraction") {
  const auto noon = base::parse_time("2026-06-01T12:00:00Z");
  REQUIRE(noon);
  CHECK(base::parse_time("2026-06-01T15:30:00+03:30") == noon);
  CHECK(base::parse_time("2026-06-01T05:00:00-0700") == noon);
  CHECK(base::parse_time("2026-06-01T12:00:00.5Z") == *noon + 500ms);
  CHECK(base::parse_time("2026-06-01T12:00:00.1234567899Z") == *noon + 123456us);
}

TEST_CASE("what is no time is none") {
  for (const char* wrong :
       {"", "2026-06-01", "2026-13-01T12:00:00Z", "2026-02-29T12:00:00Z", "2026-06-01T24:00:00Z",
        "2026-06-01T12:60:00Z", "2026-06-01T12:00:61Z", "2026-06-01T12:00:00", "2026-06-01T12:00:00+99:00",
        "2026-06-01T12:00:00+00:0000000030", "2026-06-01T12:00:00+00:22222222222", "2026/06/01T12:00:00Z",
        "2026-06-01T12:00:00.Zx"})
    CHECK_MESSAGE(!base::parse_time(wrong), wrong);
}

TEST_CASE("identifiers carry the time and depend on the content alone") {
  const base::Time noon = *base::parse_time("2026-06-01T12:00:00.123Z");
  const std::string id = base::make_uuid7(noon, "ann");
  CHECK(id.size() == 36);
  CHECK(id.substr(0, 15) == "019e830e-1a7b-7");
  CHECK(std::string{"89ab"}.find(id[19]) != std::string::npos);
  CHECK(id == base::make_uuid7(noon, "ann"));
  CHECK(id != base::make_uuid7(noon, "bob"));
  CHECK(id < base::make_uuid7(noon + 1ms, "ann"));
}

TEST_CASE("the folder of a path is what stands before its last name") {
  CHECK(base::folder_of("/var/log/x") == "/var/log");
  CHECK(base::folder_of("log/x") == "log");
  CHECK(base::folder_of("log//x") == "log");
  CHECK(base::folder_of("x") == ".");
  CHECK(base::folder_of("/x") == "/");
}
