// SPDX-License-Identifier: MIT
// What stands in configuration files.
#include <doctest/doctest.h>

#include "base/toml.h"

using namespace xlimit;

TEST_CASE("a letter beyond ASCII is a mistake outside of quotes, and text inside") {
  // One of each part of toml++'s table of blanks, and two that are none of its business.
  for (const std::string letter : {"é", "Я", "ᚠ", "€", "一", "\xef\xbf\xbd", "😀"}) {
    CAPTURE(letter);
    const auto wrong = base::parse_toml("a = 1\n" + letter + " = 2\n", "f.toml");
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().text.starts_with("f.toml:2: "));
    CHECK_FALSE(base::parse_toml("a = " + letter + "\n", "f.toml").has_value());
    CHECK_FALSE(base::parse_toml("a = 1 " + letter + "\n", "f.toml").has_value());
    const auto good = base::parse_toml("a = \"" + letter + "\"  # " + letter + "\n", "f.toml");
    REQUIRE(good.has_value());
    CHECK((*good)["a"].value<std::string>() == letter);
  }
}
