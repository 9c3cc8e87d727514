// SPDX-License-Identifier: MIT
// What is not taken for a list, which sources there are, and since when they hold an address.
#include <doctest/doctest.h>

#include "feed/check.h"
#include "feed/history.h"
#include "feed/sources.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

std::string objection(std::string_view text, const feed::Demands& demands = {}, std::uint64_t before = 0,
                      std::string_view type = "text/plain") {
  return feed::objection(text, type, feed::parse(text), demands, before).value_or("");
}

std::string wrong(std::string_view text) {
  const auto sources = feed::parse_sources(text, "s.toml");
  return sources ? "" : sources.error().text;
}

ip::Ranges ranges(std::string_view text) {
  feed::Parsed parsed = feed::parse(text);
  parsed.ranges.unite();
  return parsed.ranges;
}

}  // namespace

TEST_CASE("pages, empty answers and remarks are no lists") {
  CHECK(objection("192.0.2.1\n").empty());
  CHECK(objection("") == "the answer is empty");
  CHECK(objection("# nothing today\n") == "no entries in it");
  CHECK(objection("<!DOCTYPE html>\n192.0.2.1\n") == "it is a page, not a list");
  CHECK(objection("\xef\xbb\xbf \n<html>") == "it is a page, not a list");
  CHECK(objection("192.0.2.1\n", {}, 0, "Text/HTML; charset=utf-8") == "it is a page, not a list");
  CHECK(objection("192.0.2.1\nnot\nat all\n") == "2 lines of 3 are no address or prefix, the first 'not'");
}

TEST_CASE("a last line that is an entry and lacks its end may be half of one") {
  CHECK(feed::torn_entry("192.0.2.1\n192.0.2.4") == "192.0.2.4");
  CHECK(feed::torn_entry("192.0.2.4") == "192.0.2.4");
  CHECK(feed::torn_entry("192.0.2.1\n192.0.2.4\n").empty());
  CHECK(feed::torn_entry("192.0.2.1\n# the end").empty());
  CHECK(feed::torn_entry("").empty());
}

TEST_CASE("a list must be as long as it was asked to be, and not shrink too much") {
  CHECK(objection("192.0.2.1\n", {.minimum = 2}) == "1 entries, fewer than the 2 asked for");
  CHECK(objection("192.0.2.1\n192.0.2.2\n", {.max_shrink = 50}, 4).empty());
  CHECK(objection("192.0.2.1\n", {.max_shrink = 50}, 4) == "it shrank from 4 entries to 1, more than 50 %");
  CHECK(objection("192.0.2.1\n", {.max_shrink = 100}, 4000000).empty());
}

TEST_CASE("a pinned list must be the very one") {
  const std::string sum = feed::sha256("192.0.2.1\n");
  CHECK(feed::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(objection("192.0.2.1\n", {.sha256 = sum}).empty());
  CHECK(objection("192.0.2.2\n", {.sha256 = sum}).ends_with("not the one asked for"));
}

TEST_CASE("sources are read with their defaults") {
  const auto sources = feed::parse_sources(
      "[[source]]\nname = \"a\"\nurl = \"https://example.com/a\"\n"
      "[[source]]\nname = \"b\"\nurl = \"file:///b\"\ndirection = \"out\"\ninterval = \"2h\"\nminimum = 7\n"
      "max_shrink = 10\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n",
      "s.toml");
  REQUIRE(sources.has_value());
  REQUIRE(sources->size() == 2);
  CHECK(sources->front().interval == 24h);
  CHECK_FALSE(sources->front().out);
  CHECK(sources->back().out);
  CHECK(sources->back().interval == 2h);
  CHECK(sources->back().demands.minimum == 7);
  CHECK(sources->back().demands.max_shrink == 10);
}

TEST_CASE("a mistake in the sources is named with its line") {
  const std::string good = "[[source]]\nname = \"a\"\nurl = \"https://example.com/a\"\n";
  CHECK(wrong(good + "colour = \"red\"\n") == "s.toml:4: 'colour': no such key");
  CHECK(wrong(good + "minimum = \"ten\"\n") == "s.toml:4: 'minimum' is not a number from 0 to 4294967295");
  CHECK(wrong(good + "direction = \"up\"\n") == "s.toml:4: 'direction' is neither 'in' nor 'out'");
  CHECK(wrong(good + "sha256 = \"zz\"\n") == "s.toml:4: 'sha256' is not 64 hexadecimal digits");
  CHECK(wrong(good + good) == "s.toml:4: source 'a' is there twice");
  CHECK(wrong("[[source]]\nname = \"a\"\nurl = \"ftp://example.com\"\n") ==
        "s.toml:1: source 'a' needs a url: https://HOST..., http://HOST... or file:///...");
  CHECK(wrong("[[source]]\nname = \"../a\"\nurl = \"file:///a\"\n")
            .starts_with("s.toml:1: a source needs a name"));
  CHECK(wrong("colour = 1\n") == "s.toml:1: 'colour': only [[source]] tables are known here");
  CHECK(wrong("[[source]\n").starts_with("s.toml:1: "));
  CHECK(wrong("") == "s.toml: 0 sources, not 1 to 256");
}

TEST_CASE("an address is in a list since the change that brought it") {
  const base::Time first{1000s}, second{2000s}, third{3000s};
  feed::History history;
  history.advance(ranges("192.0.2.0/24"), ranges("192.0.2.0/24\n198.51.100.7\n"), first);
  history.advance(ranges("192.0.2.0/24\n198.51.100.7\n"), ranges("198.51.100.0/24\n"), second);
  const feed::History kept{history.text()};
  CHECK(kept.since(ip::parse_address("198.51.100.7").value()) == first);
  CHECK(kept.since(ip::parse_address("198.51.100.8").value()) == second);
  CHECK(kept.since(ip::parse_address("192.0.2.1").value()) == std::nullopt);
  feed::History back = kept;
  back.advance(ranges("198.51.100.0/24"), ranges("192.0.2.1"), third);
  CHECK(back.since(ip::parse_address("192.0.2.1").value()) == third);
  CHECK(back.since(ip::parse_address("198.51.100.7").value()) == std::nullopt);
}
