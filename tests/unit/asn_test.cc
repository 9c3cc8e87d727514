// SPDX-License-Identifier: MIT
// Autonomous systems from a database that the test writes itself.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "../bed/mmdb.h"
#include "asn/database.h"

using namespace xlimit;

namespace {

struct File {
  explicit File(const std::string& content) {
    const int fd = ::mkstemp(path.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    std::ofstream{path} << content;
  }
  ~File() { ::unlink(path.c_str()); }
  std::string path = "/tmp/xlimit-asn-test.XXXXXX";
};

}  // namespace

TEST_CASE("addresses of both families find their system, others none") {
  mmdb::Writer writer;
  writer.add("203.0.113.0/24", 64500);
  writer.add("198.51.100.0/25", 64501);
  writer.add("2001:db8:1::/48", 64500);
  const File file{writer.file()};
  const auto database = asn::Database::open(file.path);
  REQUIRE_MESSAGE(database, database.error().text);
  const auto number = [&](const char* ip) { return database->number(*ip::parse_address(ip)); };
  std::ofstream{file.path} << "";  // cut short
  CHECK(number("203.0.113.7") == 64500);
  CHECK(number("198.51.100.4") == 64501);
  CHECK(number("198.51.100.200") == 0);
  CHECK(number("192.0.2.1") == 0);
  CHECK(number("2001:db8:1::7") == 64500);
  CHECK(number("2001:db8:2::7") == 0);
}

TEST_CASE("what is no such file is said") {
  const File file{"hello"};
  const auto text = asn::Database::open(file.path);
  REQUIRE_FALSE(text);
  CHECK(text.error().code == base::Exit::kData);
  const auto missing = asn::Database::open("/nonexistent.mmdb");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().text == "open '/nonexistent.mmdb': No such file or directory");
  const auto folder = asn::Database::open("/tmp");
  REQUIRE_FALSE(folder);
  CHECK(folder.error().text == "read '/tmp': Is a directory");
  const auto empty = asn::Database::open("/dev/null");
  REQUIRE_FALSE(empty);
  CHECK(empty.error().text == "read '/dev/null': it is empty");
  CHECK(empty.error().code == base::Exit::kData);
}

TEST_CASE("a database may come through a pipe") {
  mmdb::Writer writer;
  writer.add("203.0.113.0/24", 64500);
  const std::string content = writer.file();
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  REQUIRE(::write(ends[1], content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  ::close(ends[1]);
  const auto database = asn::Database::open("/proc/self/fd/" + std::to_string(ends[0]));
  ::close(ends[0]);
  REQUIRE_MESSAGE(database, database.error().text);
  CHECK(database->number(*ip::parse_address("203.0.113.7")) == 64500);
}
