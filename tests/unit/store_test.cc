// SPDX-License-Identifier: MIT
// A state file is old or new, and has one writer.
#include <doctest/doctest.h>
#include <fcntl.h>
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
#include "store/regular.h"

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

uid_t owner(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_uid;
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

TEST_CASE("what is no regular file is not written over") {
  const Directory directory;
  const std::string path = directory.path + "/saved", target = directory.path + "/target";
  std::ofstream{target} << "theirs";
  std::filesystem::create_symlink(target, path);
  const auto link = store::write_file(path, "ours");
  REQUIRE_FALSE(link);
  CHECK(link.error().text == "write '" + path + "': a symbolic link, not a regular file");
  CHECK(std::filesystem::is_symlink(path));
  CHECK(content(target) == "theirs");
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const auto pipe = store::publish_file(path, "ours");
  REQUIRE_FALSE(pipe);
  CHECK(pipe.error().text == "write '" + path + "': a pipe, not a regular file");
  CHECK(std::filesystem::is_fifo(path));
  const auto device = store::AtomicFile::create("/dev/null");
  REQUIRE_FALSE(device);
  CHECK(device.error().text == "write '/dev/null': a device, not a regular file");
}

TEST_CASE("nothing is opened through a link that the folder's owner has put there") {
  const Directory directory;
  const std::string path = directory.path + "/state", victim = directory.path + "/victim";
  std::ofstream{victim} << "theirs";
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(directory.path.c_str(), 65534, 65534) == 0);
  std::filesystem::create_symlink(victim, path + ".lock");
  const auto lock = store::Lock::take(path);
  REQUIRE_FALSE(lock);
  CHECK(lock.error().text == "open '" + path + ".lock': a symbolic link, not a regular file");
  std::filesystem::create_symlink(victim, path);
  CHECK_FALSE(store::Log::open(path));
  std::filesystem::remove(path + ".lock");
  std::filesystem::create_hard_link(victim, path + ".lock");
  const auto second = store::Lock::take(path);
  REQUIRE_FALSE(second);
  CHECK(second.error().text == "open '" + path + ".lock': a hard link, the file has other names");
  CHECK_FALSE(store::make_regular(victim, O_RDWR));
  CHECK(owner(victim) == ::geteuid());
  CHECK(content(victim) == "theirs");
}

TEST_CASE("what root makes belongs to the folder's owner, and what was there to whom it did") {
  if (::geteuid() != 0) return;
  const Directory directory;
  const std::string path = directory.path + "/state";
  std::ofstream{directory.path + "/old.lock"} << "";
  REQUIRE(::chown(directory.path.c_str(), 65534, 65534) == 0);
  REQUIRE(store::write_file(path, "ours"));
  REQUIRE(store::Lock::take(path));
  REQUIRE(store::Lock::take(directory.path + "/old"));
  CHECK(owner(path) == 65534);
  CHECK(owner(path + ".lock") == 65534);
  CHECK(owner(directory.path + "/old.lock") == 0);
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
