// SPDX-License-Identifier: MIT
// A state file is old or new, and has one writer.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/atomic_file.h"

using namespace xlimit;

namespace {

struct Directory {
  Directory() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(path); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{path}, {}));
  }
  std::string path = "/tmp/xlimit-store-test.XXXXXX";
};

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a file is replaced as a whole, and only by a commit") {
  const Directory directory;
  const std::string path = directory.path + "/state";
  REQUIRE(store::write_file(path, "old"));
  {
    auto file = store::AtomicFile::create(path);
    REQUIRE(file);
    REQUIRE(file->write(std::string(1000000, 'x')));
  }
  CHECK(content(path) == "old");
  CHECK(directory.files() == 1);
  REQUIRE(store::write_file(path, "new"));
  CHECK(content(path) == "new");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("what is published may be read by everybody") {
  const Directory directory;
  const std::string path = directory.path + "/counters";
  REQUIRE(store::publish_file(path, "1"));
  REQUIRE(store::publish_file(path, "2"));
  CHECK(content(path) == "2");
  CHECK(directory.files() == 1);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0644);
}

TEST_CASE("what can not be written is said with its name") {
  const auto file = store::AtomicFile::create("/nonexistent/state");
  REQUIRE_FALSE(file);
  CHECK(file.error().text == "write '/nonexistent/state': No such file or directory");
}

TEST_CASE("a second writer is refused as long as the first lives") {
  const Directory directory;
  const std::string path = directory.path + "/state";
  {
    const auto first = store::Lock::take(path);
    REQUIRE(first);
    const auto second = store::Lock::take(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == base::Exit::kTemporary);
  }
  CHECK(store::Lock::take(path));
}
