// SPDX-License-Identifier: MIT
// A compressed body is whole, or it is not.
#include <doctest/doctest.h>

#include <string>

#include "gzip/inflate.h"

using namespace xlimit;
using namespace std::string_literals;

namespace {

// printf '192.0.2.1\n' | gzip -n
const std::string kGzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x33\xb4\x34\xd2\x33\xd0\x33\xd2\x33\xe4\x02\x00\x9c\xc2\xb1\x8a"
    "\x0a\x00\x00\x00"s;

std::string inflated(gzip::Inflater& inflater, std::string_view bytes, std::size_t piece) {
  std::string text;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const auto sink = [&](std::string_view part) {
      text += part;
      return true;
    };
    if (!inflater.feed(bytes.substr(0, piece), sink)) return "wrong";
  }
  return text;
}

}  // namespace

TEST_CASE("a body is the same in whatever pieces it comes, also of several members") {
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    gzip::Inflater inflater;
    CHECK(inflated(inflater, kGzip + kGzip, piece) == "192.0.2.1\n192.0.2.1\n");
    CHECK(inflater.whole());
  }
}

TEST_CASE("a body that lacks a byte anywhere is not whole") {
  for (std::size_t size = 0; size < kGzip.size(); ++size) {
    gzip::Inflater inflater;
    inflated(inflater, kGzip.substr(0, size), 1000);
    CHECK_FALSE(inflater.whole());
  }
}

TEST_CASE("a wrong checksum, and what is no gzip, is wrong") {
  std::string broken = kGzip;
  broken[broken.size() - 6] ^= 1;
  gzip::Inflater first, second;
  CHECK(inflated(first, broken, 1000) == "wrong");
  CHECK(inflated(second, "192.0.2.1\n", 1000) == "wrong");
}

TEST_CASE("zeros behind the end are padding") {
  for (const std::size_t piece : {1U, 3U, 7U, 1000U}) {
    gzip::Inflater inflater;
    CHECK(inflated(inflater, kGzip + kGzip + std::string(1000, '\0'), piece) == "192.0.2.1\n192.0.2.1\n");
    CHECK(inflater.whole());
    CHECK(inflater.trouble().empty());
  }
}

TEST_CASE("what else stands behind the end is told, and is wrong") {
  for (const std::string& other : {"x"s, "xyz"s, "\0x"s, "\0"s + kGzip}) {
    for (const std::size_t piece : {1U, 7U, 1000U}) {
      gzip::Inflater inflater;
      CHECK(inflated(inflater, kGzip + other, piece) == "wrong");
      CHECK_FALSE(inflater.whole());
      CHECK(inflater.trouble() == "other data follow its end");
    }
  }
}

TEST_CASE("zeros before the end are wrong") {
  gzip::Inflater first, second;
  CHECK(inflated(first, std::string(20, '\0') + kGzip, 1000) == "wrong");
  CHECK(inflated(second, kGzip.substr(0, kGzip.size() - 8) + std::string(8, '\0'), 1000) == "wrong");
}

TEST_CASE("what was packed with a dictionary is told") {
  gzip::Inflater inflater;  // zlib.compressobj(zdict=b"192.0.2.")
  CHECK(inflated(inflater, "\x78\xbb\x07\x0d\x01\x89\x33\x84\xd1\x5c\x00\x0a\x8b\x01\xc4"s, 1000) == "wrong");
  CHECK(inflater.trouble() == "it needs a preset dictionary");
}

TEST_CASE("a sink that has enough stops it") {
  gzip::Inflater inflater;
  CHECK_FALSE(inflater.feed(kGzip, [](std::string_view) { return false; }));
}
