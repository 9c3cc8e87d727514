// SPDX-License-Identifier: MIT
// Lists in the forms in which they are published.
#include <doctest/doctest.h>

#include "feed/parse.h"

using namespace xlimit;

namespace {

std::string read(std::string_view text) {
  feed::Parsed parsed = feed::parse(text);
  parsed.ranges.unite();
  std::string prefixes;
  for (const ip::Prefix& prefix : parsed.ranges.prefixes())
    prefixes += (prefixes.empty() ? "" : " ") + ip::to_string(prefix);
  return prefixes;
}

}  // namespace

TEST_CASE("an address or prefix a line, host bits set or not, in both families") {
  CHECK(read("192.0.2.1\n198.51.100.7/24\n2001:DB8::1/32\n\n") == "192.0.2.1 198.51.100.0/24 2001:db8::/32");
  CHECK(read("::ffff:192.0.2.1\n::ffff:198.51.100.0/120\n") == "192.0.2.1 198.51.100.0/24");
  const feed::Parsed all_mapped = feed::parse("::ffff:0:0/96\n");
  CHECK(all_mapped.entries == 1);
  CHECK(all_mapped.invalid == 0);
}

TEST_CASE("comments, blanks, carriage returns and a byte order mark are passed over") {
  CHECK(read("\xef\xbb\xbf# list\r\n  192.0.2.1 ; SBL1\r\n;\r\n192.0.2.2# x\r\n") == "192.0.2.1 192.0.2.2");
  CHECK(feed::parse("# a\n; b\n\n \t\n").invalid == 0);
}

TEST_CASE("ranges with and without blanks") {
  CHECK(read("192.0.2.0-192.0.2.255\n198.51.100.0 - 198.51.100.127\n2001:db8::-2001:db8::ffff") ==
        "192.0.2.0/24 198.51.100.0/25 2001:db8::/112");
  CHECK(read("192.0.2.0 - 192.0.2.3 evil host\n192.0.2.8-192.0.2.11 evil\n192.0.2.77 its-name") ==
        "192.0.2.0/30 192.0.2.8/30 192.0.2.77");
  for (const char* wrong : {"192.0.2.9-192.0.2.1", "192.0.2.9 - 192.0.2.1", "192.0.2.1 - x", "192.0.2.1 -",
                            "192.0.2.1 - 192.0.2.0/24", "192.0.2.1 - 2001:db8::1"}) {
    const feed::Parsed parsed = feed::parse(wrong);
    CHECK_MESSAGE((parsed.invalid == 1 && parsed.entries == 0), wrong);
  }
}

TEST_CASE("of columns the first counts, and their names are no entry") {
  CHECK(read("ip,country\n\"192.0.2.1\",FI\n192.0.2.2 , SE\n") == "192.0.2.1 192.0.2.2");
  CHECK(feed::parse("ip,country\n192.0.2.1,FI\n").invalid == 0);
  CHECK(read("192.0.2.1 bad.example.com worse.example.com\n192.0.2.2\thost") == "192.0.2.1 192.0.2.2");
}

TEST_CASE("what is no address is counted and the first is kept as a sample") {
  const feed::Parsed parsed = feed::parse("192.0.2.1\n192.0.2.300\nexample.com\n192.0.2.1/33\n10.0.0\n");
  CHECK(parsed.entries == 1);
  CHECK(parsed.invalid == 4);
  CHECK(parsed.sample == "192.0.2.300");
  CHECK(feed::parse(std::string(1000, 'x')).sample.size() == feed::kSample);
}

TEST_CASE("a list in pieces is the list in one, wherever they end") {
  const std::string text =
      "\xef\xbb\xbfip,country\r\n192.0.2.1,FI\n# remark\n\n2001:db8::/32\n198.51.100.0-198.51.100.9\nwrong\n"
      "203.0.113.7/24";
  const feed::Parsed whole = feed::parse(text);
  CHECK(whole.entries == 4);
  CHECK(whole.invalid == 1);
  for (std::size_t size = 1; size <= text.size(); ++size) {
    feed::Parser parser;
    for (std::size_t at = 0; at < text.size(); at += size)
      parser.add(std::string_view{text}.substr(at, size));
    const feed::Parsed parsed = parser.finish();
    CHECK(parsed.entries == whole.entries);
    CHECK(parsed.invalid == whole.invalid);
    CHECK(parsed.sample == whole.sample);
    CHECK(parsed.ranges.prefixes() == whole.ranges.prefixes());
  }
}
