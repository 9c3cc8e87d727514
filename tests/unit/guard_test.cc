// SPDX-License-Identifier: MIT
// What is never banned, and why it says so.
#include "guard/guard.h"

#include <doctest/doctest.h>

using namespace xlimit;

namespace {

ip::Prefix prefix(std::string_view text) { return ip::parse_prefix(text).value(); }
ip::Address address(std::string_view text) { return ip::parse_address(text).value(); }

std::string refusal(const guard::Guard& guard, std::string_view target) {
  return guard.refusal(prefix(target)).value_or("");
}

}  // namespace

TEST_CASE("an ordinary address may be banned") {
  const guard::Guard guard{{}};
  for (const char* target : {"192.0.2.1", "2001:db8::1", "2001:db8::/64", "198.51.100.0/24", "203.0.0.0/16"})
    CHECK_MESSAGE(refusal(guard, target) == "", target);
}

TEST_CASE("loopback, unspecified, multicast and broadcast are refused, also inside a prefix") {
  const guard::Guard guard{{}};
  CHECK(refusal(guard, "127.0.0.1") == "loopback");
  CHECK(refusal(guard, "127.9.0.0/16") == "loopback");
  CHECK(refusal(guard, "::1") == "loopback");
  CHECK(refusal(guard, "::ffff:127.0.0.1") == "loopback");
  CHECK(refusal(guard, "0.0.0.0") == "unspecified");
  CHECK(refusal(guard, "0.0.0.0/16") == "unspecified");
  CHECK(refusal(guard, "::") == "unspecified");
  CHECK(refusal(guard, "::2/126") == "loopback");
  CHECK(refusal(guard, "224.0.0.251") == "multicast");
  CHECK(refusal(guard, "ff02::1") == "multicast");
  CHECK(refusal(guard, "255.255.255.255") == "broadcast");
}

TEST_CASE("what is wider than allowed is refused before anything else") {
  const guard::Guard guard{{}};
  CHECK(refusal(guard, "0.0.0.0/0") == "wider than /16");
  CHECK(refusal(guard, "198.0.0.0/15") == "wider than /16");
  CHECK(refusal(guard, "2001::/31") == "wider than /32");
  CHECK(refusal(guard, "::/0") == "wider than /32");
}

TEST_CASE("a whole address family is refused whatever the width allowed") {
  const guard::Guard guard{{.allow = {}, .widest4 = 0, .widest6 = 0}};
  CHECK(refusal(guard, "0.0.0.0/0") == "wider than /1");
  CHECK(refusal(guard, "::/0") == "wider than /1");
  CHECK(refusal(guard, "128.0.0.0/2") == "");
}

TEST_CASE("the allowlist refuses what it contains and what contains it") {
  const guard::Guard guard{
      {.allow = {prefix("10.0.0.0/8"), prefix("192.0.2.77"), prefix("2001:db8:1::/48")}}};
  CHECK(refusal(guard, "10.1.2.3") == "allowlisted: 10.0.0.0/8");
  CHECK(refusal(guard, "10.1.0.0/16") == "allowlisted: 10.0.0.0/8");
  CHECK(refusal(guard, "192.0.2.77") == "allowlisted: 192.0.2.77");
  CHECK(refusal(guard, "192.0.2.0/24") == "allowlisted: 192.0.2.77");
  CHECK(refusal(guard, "192.0.0.0/16") == "allowlisted: 192.0.2.77");
  CHECK(refusal(guard, "192.0.2.78") == "");
  CHECK(refusal(guard, "192.0.2.64/29") == "");
  CHECK(refusal(guard, "2001:db8:1:2::/64") == "allowlisted: 2001:db8:1::/48");
  CHECK(refusal(guard, "2001:db8::/32") == "allowlisted: 2001:db8:1::/48");
  CHECK(refusal(guard, "2001:db8:2::1") == "");
}

TEST_CASE("own addresses, gateways and connected peers are refused and named") {
  guard::Guard guard{{}};
  guard.protect_host({prefix("192.0.2.1"), prefix("203.0.113.0/24")},
                     {address("192.0.2.254"), address("fe80::1")});
  guard.protect_peers({address("198.51.100.9")});
  CHECK(refusal(guard, "192.0.2.1") == "own address: 192.0.2.1");
  CHECK(refusal(guard, "192.0.2.0/25") == "own address: 192.0.2.1");
  CHECK(refusal(guard, "203.0.113.200") == "own address: 203.0.113.0/24");
  CHECK(refusal(guard, "192.0.2.254") == "default gateway: 192.0.2.254");
  CHECK(refusal(guard, "192.0.2.128/25") == "default gateway: 192.0.2.254");
  CHECK(refusal(guard, "fe80::/64") == "default gateway: fe80::1");
  CHECK(refusal(guard, "198.51.100.9") == "connected to a protected port: 198.51.100.9");
  CHECK(refusal(guard, "198.51.100.8") == "");
}

TEST_CASE("what was protected and no longer is may be banned") {
  guard::Guard guard{{}};
  guard.protect_host({prefix("192.0.2.1")}, {});
  guard.protect_host({prefix("192.0.2.2")}, {});
  CHECK(refusal(guard, "192.0.2.1") == "");
}

TEST_CASE("an allowlist has comments, blank lines and either line ending") {
  const auto list =
      guard::parse_allowlist("# ours\n10.0.0.0/8 ; office\r\n\n  2001:db8::/32\t# v6\n192.0.2.7", "a");
  REQUIRE(list.has_value());
  CHECK(*list == std::vector{prefix("10.0.0.0/8"), prefix("2001:db8::/32"), prefix("192.0.2.7")});
  CHECK(guard::parse_allowlist("", "a")->empty());
}

TEST_CASE("an allowlist with a line that is no prefix is refused whole, with its line number") {
  const auto list = guard::parse_allowlist("10.0.0.0/8\noffice.example\n", "allow.txt");
  REQUIRE_FALSE(list.has_value());
  CHECK(list.error().code == base::Exit::kConfig);
  CHECK(list.error().text == "allow.txt:2: 'office.example' is not an address or prefix");
}
