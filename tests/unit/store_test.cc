// SPDX-License-Identifier: MIT
// A state file is old or new, and has one writer.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "store/abandoned.h"
#include "store/atomic_file.h"
#include "store/log.h"

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

TEST_CASE("what killed writers left is cleared away, also beside a file named without its folder") {
  const Directory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path);
  for (const char* name : {"a.AbCdEf", "b.AbCdEf", "c.AbCdEf", "a.AbCdE", "a.young1"})
    std::ofstream{name} << 1;
  for (const char* name : {"a.AbCdEf", "b.AbCdEf", "c.AbCdEf", "a.AbCdE"})
    std::filesystem::last_write_time(name,
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours{2});
  store::clear_away_abandoned(std::vector<std::string>{"a", "b"});
  store::clear_away_abandoned(std::vector<std::string>{"nowhere/a"});
  std::filesystem::current_path(before);
  CHECK_FALSE(std::filesystem::exists(directory.path + "/a.AbCdEf"));
  CHECK_FALSE(std::filesystem::exists(directory.path + "/b.AbCdEf"));
  CHECK(directory.files() == 3);
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

TEST_CASE("a log grows, also while it is written anew, and is replaced as a whole") {
  const Directory directory;
  const std::string path = directory.path + "/log";
  auto log = store::Log::open(path);
  REQUIRE(log);
  CHECK_FALSE(log->whole());
  REQUIRE(log->start_rewriting());
  REQUIRE(log->rewrite("first\n"));
  CHECK_FALSE(std::filesystem::exists(path));
  log->finish_rewriting();
  REQUIRE(log->take_over());
  REQUIRE(log->append("second\n"));
  CHECK(content(path) == "first\nsecond\n");

  REQUIRE(log->start_rewriting());
  REQUIRE(log->append("third\n"));
  REQUIRE(log->rewrite("new\n"));
  REQUIRE(log->append("fourth\n"));
  CHECK(content(path) == "first\nsecond\nthird\nfourth\n");
  log->finish_rewriting();
  REQUIRE(log->append("fifth\n"));  // the thread runs, or has run
  REQUIRE(log->take_over());
  REQUIRE(log->append("sixth\n"));
  CHECK(content(path) == "third\nnew\nfourth\nfifth\nsixth\n");
  CHECK(log->size() == content(path).size());
  CHECK(directory.files() == 1);
}

TEST_CASE("a rewriting that is not finished leaves the log as it was") {
  const Directory directory;
  const std::string path = directory.path + "/log";
  REQUIRE(store::write_file(path, "old\n"));
  {
    auto log = store::Log::open(path);
    REQUIRE(log);
    REQUIRE(log->start_rewriting());
    REQUIRE(log->rewrite("new\n"));
    REQUIRE(log->append("more\n"));
  }
  CHECK(content(path) == "old\nmore\n");
  CHECK(directory.files() == 1);
}

TEST_CASE("what a log has no room for is taken back, and the log is no longer whole") {
  const Directory directory;
  const std::string path = directory.path + "/log";
  REQUIRE(store::write_file(path, "old\n"));
  auto log = store::Log::open(path);
  REQUIRE(log);
  // A file of at most 10 bytes, in place of a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit small { 10, before.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto appended = log->append("too long a line\n");
  auto renewed = log->start_rewriting();
  auto rewritten = log->rewrite("new\n");
  ::setrlimit(RLIMIT_FSIZE, &before);
  REQUIRE_FALSE(appended);
  CHECK(appended.error().text == "write '" + path + "': File too large");
  CHECK_FALSE(log->whole());
  CHECK(content(path) == "old\n");
  REQUIRE(renewed);
  REQUIRE(rewritten);
  log->finish_rewriting();
  REQUIRE(log->take_over());
  CHECK(log->whole());
  CHECK(content(path) == "new\n");
}
