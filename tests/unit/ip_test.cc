// SPDX-License-Identifier: MIT
// Addresses and prefixes: what is read, what is refused, how they are written.
#include "ip/address.h"

#include <doctest/doctest.h>

#include "ip/prefix.h"

using namespace xlimit;

TEST_CASE("addresses are written in their canonical form") {
  for (const auto& [text, canonical] : {std::pair{"192.0.2.1", "192.0.2.1"},
                                        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
                                        {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"},
                                        {"2001:db8::1:0:0:1", "2001:db8::1:0:0:1"},
                                        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
                                        {"::", "::"},
                                        {"::1", "::1"},
                                        {"::ffff:192.0.2.1", "192.0.2.1"}}) {
    CAPTURE(text);
    const std::optional<ip::Address> address = ip::parse_address(text);
    REQUIRE(address);
    CHECK(ip::to_string(*address) == canonical);
  }
}

TEST_CASE("what is no address is refused") {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "[::1]", "::1%lo",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1::", ":::", "12345::", "host", "1.2.3.4:80"}) {
    CAPTURE(text);
    CHECK_FALSE(ip::parse_address(text));
  }
}

TEST_CASE("a prefix loses its host bits and contains what lies inside") {
  const std::optional<ip::Prefix> prefix = ip::parse_prefix("192.0.2.129/25");
  REQUIRE(prefix);
  CHECK(ip::to_string(*prefix) == "192.0.2.128/25");
  CHECK(prefix->contains(*ip::parse_address("192.0.2.255")));
  CHECK_FALSE(prefix->contains(*ip::parse_address("192.0.2.127")));
  CHECK(ip::to_string(*ip::parse_prefix("2001:db8::1/128")) == "2001:db8::1");
  for (const char* text : {"192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1", "2001:db8::/129", "192.0.2.1/08x"}) {
    CAPTURE(text);
    CHECK_FALSE(ip::parse_prefix(text));
  }
}

TEST_CASE("an IPv4 prefix does not contain IPv6 addresses") {
  CHECK_FALSE(ip::parse_prefix("0.0.0.0/0")->contains(*ip::parse_address("2001:db8::1")));
}
