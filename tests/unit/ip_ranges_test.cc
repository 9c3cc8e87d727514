// SPDX-License-Identifier: MIT
// Ranges united, cut and split, by hand and against a set of single addresses.
#include <doctest/doctest.h>

#include <random>
#include <set>

#include "ip/ranges.h"

using namespace xlimit;

namespace {

ip::Prefix prefix(std::string_view text) { return ip::parse_prefix(text).value(); }

ip::Ranges ranges(std::initializer_list<std::string_view> texts) {
  ip::Ranges all;
  for (const std::string_view text : texts) all.add(prefix(text));
  all.unite();
  return all;
}

std::string text_of(const ip::Ranges& all, ip::Widest widest = {0, 0}) {
  std::string text;
  all.each_prefix([&](const ip::Prefix& one) { text += (text.empty() ? "" : " ") + ip::to_string(one); },
                  widest);
  return text;
}

std::string difference(std::initializer_list<std::string_view> of,
                       std::initializer_list<std::string_view> others) {
  ip::Ranges rest = ranges(of);
  rest.subtract(ranges(others));
  return text_of(rest);
}

// Random ranges in a small piece of the address space, as the set of their offsets in it.
struct Model {
  ip::Ranges ranges;
  std::set<unsigned> members;
};

ip::Address at(bool v4, unsigned offset) {
  if (v4) return ip::Address::v4(0xffffff00U + offset);
  ip::Address::Bytes bytes{};
  bytes.fill(0xff);
  bytes[15] = static_cast<std::uint8_t>(offset);
  return ip::Address{bytes};
}

Model random_model(std::mt19937& random, bool v4) {
  Model model;
  for (auto i = random() % 12; i > 0; --i) {
    const unsigned first = random() % 256,
                   last = std::min(255U, first + static_cast<unsigned>(random() % 40));
    CHECK(model.ranges.add(at(v4, first), at(v4, last)));
    for (unsigned member = first; member <= last; ++member) model.members.insert(member);
  }
  model.ranges.unite();
  return model;
}

// The prefixes cover the members and nothing else, in order, and no two of them could be one.
void check_equal(const ip::Ranges& all, const std::set<unsigned>& members) {
  std::set<unsigned> seen;
  const std::vector<ip::Prefix> prefixes = all.prefixes();
  for (const ip::Prefix& one : prefixes) {
    const unsigned first = one.address().bytes()[15];
    for (unsigned i = 0; i < 1U << (one.address().bits() - one.length()); ++i)
      CHECK(seen.insert(first + i).second);
  }
  CHECK(seen == members);
  for (std::size_t i = 1; i < prefixes.size(); ++i) {
    CHECK(prefixes[i - 1] < prefixes[i]);
    const ip::Prefix parent{prefixes[i].address(), prefixes[i].length() - 1};
    CHECK_FALSE((prefixes[i - 1].length() == prefixes[i].length() && parent.contains(prefixes[i - 1])));
  }
}

}  // namespace

TEST_CASE("what overlaps or touches becomes one") {
  CHECK(text_of(ranges({"192.0.2.128/25", "192.0.2.0/25", "192.0.2.7"})) == "192.0.2.0/24");
  CHECK(text_of(ranges({"192.0.2.1", "192.0.2.2"})) == "192.0.2.1 192.0.2.2");
  CHECK(text_of(ranges({"2001:db8:1::/48", "2001:db8::/48", "198.51.100.0/24"})) ==
        "198.51.100.0/24 2001:db8::/47");
}

TEST_CASE("the ends of the address space are no special case") {
  CHECK(text_of(ranges({"0.0.0.0/1", "128.0.0.0/1"})) == "0.0.0.0/0");
  CHECK(text_of(ranges({"255.255.255.255", "255.255.255.254", "0.0.0.0"})) == "0.0.0.0 255.255.255.254/31");
  CHECK(text_of(ranges({"8000::/1", "ffff::/16"})) == "8000::/1");
  CHECK(text_of(ranges({"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})) ==
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST_CASE("mapped addresses are cut out of what holds them, and that is counted") {
  ip::Ranges all;
  all.add(prefix("::fffe:0:0/96"));
  CHECK(all.unite() == 0);
  all.add(prefix("::fffe:0:0/95"));
  CHECK(all.unite() == 1);
  CHECK(text_of(all) == "::fffe:0:0/96");
  all.add_around_mapped(95);
  all.add_around_mapped(96);
  CHECK(all.unite() == 1);
  CHECK(text_of(all) == "::fffe:0:0/96");
  all.add_around_mapped(0);
  CHECK(all.erase_wider() == 1);
}

TEST_CASE("a range from one address to another is split at the borders of its blocks") {
  ip::Ranges all;
  CHECK(all.add(ip::parse_address("192.0.2.1").value(), ip::parse_address("192.0.2.6").value()));
  CHECK_FALSE(all.add(ip::parse_address("192.0.2.6").value(), ip::parse_address("192.0.2.1").value()));
  CHECK_FALSE(all.add(ip::parse_address("192.0.2.1").value(), ip::parse_address("2001:db8::1").value()));
  all.unite();
  CHECK(text_of(all) == "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6");
}

TEST_CASE("subtracting cuts holes") {
  CHECK(difference({"192.0.2.0/30"}, {"192.0.2.1"}) == "192.0.2.0 192.0.2.2/31");
  CHECK(difference({"192.0.2.0/24"}, {"192.0.0.0/16"}).empty());
  CHECK(difference({"192.0.2.0/24", "198.51.100.0/24"}, {"192.0.2.128/25", "198.51.100.0/25"}) ==
        "192.0.2.0/25 198.51.100.128/25");
  CHECK(difference({"255.255.255.254/31"}, {"255.255.255.255"}) == "255.255.255.254");
  CHECK(difference({"2001:db8::/32", "192.0.2.0/24"}, {"2001:db8:8000::/33"}) ==
        "192.0.2.0/24 2001:db8::/33");
}

TEST_CASE("what is too wide goes before it swallows the rest") {
  ip::Ranges all;
  for (const std::string_view text : {"0.0.0.0/0", "10.0.0.0/8", "11.0.0.0/9", "::/0", "2001:db8::/32"})
    all.add(prefix(text));
  CHECK(all.erase_wider({9, 16}) == 3);
  CHECK(all.erase_wider({9, 16}) == 0);
  all.unite();
  CHECK(text_of(all) == "11.0.0.0/9 2001:db8::/32");
  CHECK(all.erase_wider({0, 0}) == 0);
}

TEST_CASE("what was joined is split again where one prefix would be too wide") {
  CHECK(text_of(ranges({"2.0.0.0/8", "3.0.0.0/8", "4.0.0.0/9"}), {}) == "2.0.0.0/8 3.0.0.0/8 4.0.0.0/9");
  CHECK(text_of(ranges({"2a00::/16", "2a01::/16", "2a02::/17"}), {}) == "2a00::/16 2a01::/16 2a02::/17");
  CHECK(text_of(ranges({"2.0.0.0/8", "3.0.0.0/8"}), {7, 16}) == "2.0.0.0/7");
  CHECK(text_of(ranges({"0.0.0.0/0"}), {1, 16}) == "0.0.0.0/1 128.0.0.0/1");
  CHECK(ranges({"0.0.0.0/0"}).prefixes().size() == 256);
  ip::Ranges again;
  for (const ip::Prefix& one : ranges({"0.0.0.0/0", "::/0"}).prefixes()) again.add(one);
  CHECK(again.erase_wider() == 0);
  CHECK(
      ip::to_string(ranges({"2.0.0.0/8", "3.0.0.0/8"}).find(ip::parse_address("3.0.0.1").value()).value()) ==
      "2.0.0.0/7");
}

TEST_CASE("subtracting tells how many pieces it cut out") {
  ip::Ranges all = ranges({"192.0.2.0/24", "198.51.100.0/24"});
  CHECK(all.subtract(ranges({"192.0.2.1", "192.0.2.9", "203.0.113.0/24"})) == 2);
}

TEST_CASE("no IPv6 prefix begins among the IPv4-mapped addresses") {
  for (const ip::Prefix& one : ranges({"::/16"}).prefixes()) CHECK_FALSE(one.is_v4());
}

TEST_CASE("random ranges agree with a set of single addresses") {
  std::mt19937 random{20260601};
  for (int round = 0; round < 2000; ++round) {
    const bool v4 = round % 2 == 0;
    Model one = random_model(random, v4);
    const Model two = random_model(random, v4);
    check_equal(one.ranges, one.members);
    one.ranges.subtract(two.ranges);
    for (const unsigned member : two.members) one.members.erase(member);
    check_equal(one.ranges, one.members);
  }
}

TEST_CASE("an address is found in the prefix that holds it") {
  const ip::Ranges all = ranges({"192.0.2.1", "192.0.2.2/31", "198.51.100.0/24", "2001:db8::/47"});
  const auto found = [&](std::string_view text) {
    const auto prefix = all.find(ip::parse_address(text).value());
    return prefix ? ip::to_string(*prefix) : "none";
  };
  CHECK(found("192.0.2.1") == "192.0.2.1");
  CHECK(found("192.0.2.3") == "192.0.2.2/31");
  CHECK(found("192.0.2.0") == "none");
  CHECK(found("198.51.100.255") == "198.51.100.0/24");
  CHECK(found("0.0.0.0") == "none");
  CHECK(found("2001:db8:1:ffff::") == "2001:db8::/47");
  CHECK(found("2001:db8:2::") == "none");
}
