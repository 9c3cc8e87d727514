// SPDX-License-Identifier: MIT
// Text and arithmetic of addresses and prefixes.
#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <random>

#include "ip/prefix.h"
#include "ip/prefix_index.h"

using namespace xlimit;

TEST_CASE("addresses are written in canonical form") {
  const auto canonical = [](std::string_view text) { return ip::to_string(*ip::parse_address(text)); };
  CHECK(canonical("192.0.2.1") == "192.0.2.1");
  CHECK(canonical("2001:DB8:0:0:0:0:0:1") == "2001:db8::1");
  CHECK(canonical("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");
  CHECK(canonical("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(canonical("::") == "::");
}

TEST_CASE("IPv6 text is what libc makes of it") {
  std::mt19937 random{1};
  for (int round = 0; round < 20000; ++round) {
    in6_addr raw;
    for (std::uint8_t& byte : raw.s6_addr) byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : 0;
    raw.s6_addr[round % 12] |= 1;  // libc writes ::/96 with a dotted quad, RFC 5952 does not
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &raw, text, sizeof text);
    const ip::Address address = ip::Address::from_v6(&raw);
    if (!address.is_v4()) CHECK(ip::to_string(address) == text);
    CHECK(ip::parse_address(text) == address);
  }
}

TEST_CASE("IPv6 text that libc refuses is refused, and the other way round") {
  std::mt19937 random{2};
  for (int round = 0; round < 200000; ++round) {
    std::string text;
    for (std::size_t length = random() % 20; text.size() < length;) text += ":::::012afG."[random() % 12];
    if (text.find(':') == std::string::npos) continue;
    in6_addr raw;
    const bool valid = inet_pton(AF_INET6, text.c_str(), &raw) == 1;
    const std::optional<ip::Address> address = ip::parse_address(text);
    CHECK_MESSAGE(address.has_value() == valid, text);
    if (address && valid) CHECK_MESSAGE(*address == ip::Address::from_v6(&raw), text);
  }
}

TEST_CASE("what is no address is none") {
  for (const char* wrong : {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", "localhost",
                            "1.2.3.4/32", "fe80::1%eth0", "2001:db8::g", ":::", "1.2.3.-4"})
    CHECK_MESSAGE(!ip::parse_address(wrong), wrong);
}

TEST_CASE("host bits of a prefix are cleared, and a whole address has no length") {
  const auto canonical = [](std::string_view text) { return ip::to_string(*ip::parse_prefix(text)); };
  CHECK(canonical("203.0.113.9/24") == "203.0.113.0/24");
  CHECK(canonical("203.0.113.9/32") == "203.0.113.9");
  CHECK(canonical("203.0.113.9/0") == "0.0.0.0/0");
  CHECK(canonical("2001:db8::9/64") == "2001:db8::/64");
  CHECK(canonical("2001:db8::9/61") == "2001:db8::/61");
  for (const char* wrong :
       {"203.0.113.0/33", "203.0.113.0/", "203.0.113.0/-1", "/24", "2001:db8::/129", "203.0.113.0/24/8"})
    CHECK_MESSAGE(!ip::parse_prefix(wrong), wrong);
}

TEST_CASE("a prefix of mapped addresses is the IPv4 prefix, and one that holds them all is none") {
  const auto canonical = [](std::string_view text) { return ip::to_string(*ip::parse_prefix(text)); };
  CHECK(canonical("::ffff:192.0.2.9/120") == "192.0.2.0/24");
  CHECK(canonical("::ffff:c000:209/128") == "192.0.2.9");
  CHECK(canonical("::ffff:128.0.0.0/97") == "128.0.0.0/1");
  for (const char* wide : {"::ffff:0:0/96", "::ffff:192.0.2.0/96", "::ffff:192.0.2.0/24", "::ffff:0:0/0"}) {
    CHECK_MESSAGE(!ip::parse_prefix(wide), wide);
    CHECK_MESSAGE(ip::parse_around_mapped(wide).has_value(), wide);
  }
  CHECK(ip::parse_around_mapped("::ffff:0:0/64") == 64U);
  for (const char* other :
       {"::ffff:0:0/97", "::ffff:0:0/129", "::/64", "192.0.2.0/24", "::ffff:0:0", "::ffff:0:0/"})
    CHECK_MESSAGE(!ip::parse_around_mapped(other), other);
}

TEST_CASE("prefixes contain what they cover and nothing of the other family") {
  const ip::Prefix net = *ip::parse_prefix("203.0.113.0/25");
  CHECK(net.contains(*ip::parse_address("203.0.113.127")));
  CHECK_FALSE(net.contains(*ip::parse_address("203.0.113.128")));
  CHECK(net.contains(*ip::parse_prefix("203.0.113.64/26")));
  CHECK_FALSE(net.contains(*ip::parse_prefix("203.0.113.0/24")));
  CHECK(net.overlaps(*ip::parse_prefix("203.0.113.0/24")));
  CHECK_FALSE(ip::parse_prefix("::/0")->contains(*ip::parse_address("192.0.2.1")));
  CHECK_FALSE(ip::parse_prefix("0.0.0.0/0")->contains(*ip::parse_address("2001:db8::1")));
}

TEST_CASE("special addresses know what they are") {
  const auto at = [](const char* text) { return *ip::parse_address(text); };
  CHECK(at("127.9.9.9").is_loopback());
  CHECK(at("::1").is_loopback());
  CHECK(at("::ffff:127.0.0.1").is_loopback());
  CHECK(at("0.0.0.0").is_unspecified());
  CHECK(at("::").is_unspecified());
}

TEST_CASE("the index agrees with comparing every prefix with every other") {
  std::vector<ip::Prefix> members;
  std::uint32_t state = 1;
  const auto next = [&] { return state = state * 1664525 + 1013904223; };
  for (int i = 0; i < 300; ++i)
    members.emplace_back(ip::Address::v4(next() & 0xff0f0f0f), 8 + (next() >> 8) % 25);
  const ip::PrefixIndex index{members};
  for (int i = 0; i < 5000; ++i) {
    const ip::Prefix target{ip::Address::v4(next() & 0xff0f0f0f), 1 + (next() >> 8) % 32};
    bool expected = false;
    for (const ip::Prefix& member : members) expected = expected || member.overlaps(target);
    const ip::Prefix* found = index.overlapping(target);
    REQUIRE((found != nullptr) == expected);
    if (found != nullptr) REQUIRE(found->overlaps(target));
  }
}
