// SPDX-License-Identifier: MIT
// What is remembered on disk survives crashes, several writers and its own rewriting.
#include "journal/journal.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "event/encode.h"
#include "journal/lists.h"
#include "journal/ports.h"
#include "journal/writer.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

const base::Time kNoon = *base::parse_time("2026-06-01T12:00:00Z");

struct Folder {
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  journal::Place place() const { return {path + "/ipban", "xlimit"}; }
  std::string path = "/tmp/xlimit-journal-test.XXXXXX";
};

ip::Prefix target(unsigned number) {
  return *ip::parse_prefix("10." + std::to_string(number / 65536) + "." + std::to_string(number / 256 % 256) +
                           "." + std::to_string(number % 256));
}

std::string banned(const ip::Prefix& whom, std::chrono::seconds duration = 60s) {
  event::Ban ban;
  ban.at = kNoon;
  ban.target = whom;
  ban.duration = duration;
  event::Line line;
  return std::string{event::encode(event::Banned{ban, event::BanResult::added, "xlimit4"}, line)};
}

std::set<ip::Prefix> alive(const journal::Place& place, base::Time now = kNoon,
                           const std::optional<ip::Prefix>& whom = {}) {
  ledger::Ledger ledger;
  REQUIRE(journal::replay(place, ledger, now, whom ? event::target_text(*whom) : ""));
  std::set<ip::Prefix> targets;
  ledger.each(now, [&](const ledger::Key& key, const ledger::Entry&) { targets.insert(key.target); });
  return targets;
}

}  // namespace

TEST_CASE("what is appended is replayed, and the folder is made for it") {
  const Folder folder;
  CHECK(alive(folder.place()).empty());
  journal::Journal journal{folder.place()};
  REQUIRE(journal.append(banned(target(1)) + banned(target(2)), 1s));
  CHECK(alive(folder.place()) == std::set{target(1), target(2)});
  struct stat status {};
  REQUIRE(::stat(folder.place().folder.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0750);
}

TEST_CASE("what is known of one target is replayed alone") {
  const Folder folder;
  journal::Journal journal{folder.place()};
  REQUIRE(
      journal.append(banned(target(1)) + banned(target(10)) + banned(*ip::parse_prefix("10.0.0.0/24")), 1s));
  CHECK(alive(folder.place(), kNoon, target(1)) == std::set{target(1)});
  CHECK(alive(folder.place(), kNoon, target(2)).empty());
}

TEST_CASE("half a line that a crash left does not swallow the next") {
  const Folder folder;
  journal::Journal journal{folder.place()};
  REQUIRE(journal.append(banned(target(1)), 1s));
  std::ofstream{folder.place().journal(), std::ios::app} << R"({"type":"banned","time":"2026)";
  REQUIRE(journal.append(banned(target(2)), 1s));
  CHECK(alive(folder.place()) == std::set{target(1), target(2)});
}

TEST_CASE("rewriting keeps what is alive and nothing else, and writers go on in the new file") {
  const Folder folder;
  journal::Journal journal{folder.place()};
  for (unsigned i = 0; i < 100; ++i) REQUIRE(journal.append(banned(target(i), i < 3 ? 0s : 60s), 1s));
  const auto before = std::filesystem::file_size(folder.place().journal());
  REQUIRE(journal::compact(folder.place(), kNoon + 1h));
  CHECK(std::filesystem::file_size(folder.place().journal()) < before / 20);
  REQUIRE(journal.append(banned(target(500), 0s), 1s));
  CHECK(alive(folder.place(), kNoon + 1h) == std::set{target(0), target(1), target(2), target(500)});
}

TEST_CASE("a journal is large when it has grown to a multiple of what was alive") {
  const Folder folder;
  journal::Journal journal{folder.place()};
  std::string lines;
  for (unsigned i = 0; i < 10000; ++i) lines += banned(target(i));
  REQUIRE(lines.size() > 1024 * 1024);
  REQUIRE(journal.append(lines, 1s));
  CHECK(journal.is_large());
  REQUIRE(journal::compact(folder.place(), kNoon));
  REQUIRE(journal.append(banned(target(1)), 1s));
  CHECK_FALSE(journal.is_large());
  for (int i = 0; i < 3; ++i) REQUIRE(journal.append(lines, 1s));
  CHECK(journal.is_large());
}

TEST_CASE("no line is lost while four processes append and one rewrites") {
  const Folder folder;
  constexpr unsigned kEach = 500;
  std::vector<pid_t> writers;
  for (unsigned writer = 0; writer < 4; ++writer) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      journal::Journal journal{folder.place()};
      bool good = true;
      for (unsigned i = 0; i < kEach; ++i)
        good = good && journal.append(banned(target(writer * kEach + i)), 1s);
      ::_exit(good ? 0 : 1);
    }
    writers.push_back(pid);
  }
  for (unsigned running = 4; running > 0;) {
    REQUIRE(journal::compact(folder.place(), kNoon));
    for (int status = 0; ::waitpid(-1, &status, WNOHANG) > 0; --running) CHECK(status == 0);
  }
  CHECK(alive(folder.place()).size() == 4 * kEach);
}

TEST_CASE("a writer that is killed at any moment costs no line that it had written") {
  const Folder folder;
  for (unsigned round = 0; round < 20; ++round) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      journal::Journal journal{folder.place()};
      for (unsigned i = 0;; ++i) {
        if (!journal.append(banned(target(round * 10000 + i)), 1s)) ::_exit(1);
        if (::write(ends[1], "x", 1) != 1) ::_exit(1);
        if (i % 8 == 7 && !journal::compact(folder.place(), kNoon)) ::_exit(1);
      }
    }
    ::close(ends[1]);
    std::array<char, 16> seen{};
    unsigned written = 0;
    while (written < 10 + round)
      written += static_cast<unsigned>(std::max<ssize_t>(0, ::read(ends[0], seen.data(), 1)));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(ends[0]);
    const std::set<ip::Prefix> kept = alive(folder.place());
    for (unsigned i = 0; i < written; ++i) CHECK(kept.contains(target(round * 10000 + i)));
  }
}

TEST_CASE("what was forgotten stays so, also for who had the file open") {
  const Folder folder;
  journal::Journal one{folder.place()}, other{folder.place()};
  REQUIRE(one.append(banned(target(1)), 1s));
  REQUIRE(other.clear(1s));
  REQUIRE(one.append(banned(target(2)), 1s));
  CHECK(alive(folder.place()) == std::set{target(2)});
}

TEST_CASE("a journal that can not be written says which and why") {
  journal::Journal journal{{"/proc/nowhere", "xlimit"}};
  const base::Result<void> written = journal.append("x\n", 1s);
  REQUIRE_FALSE(written);
  CHECK(written.error().text == "make folder '/proc/nowhere': No such file or directory");
}

TEST_CASE("lines wait for a journal that another process has locked, and the first above a limit are kept") {
  const Folder folder;
  const journal::Place place = folder.place();
  journal::Writer writer{place};
  const journal::Writer::Clock::time_point start{100s};
  writer.add(banned(target(1)));
  REQUIRE(writer.write(start, 0ms));
  base::Fd held{::open(place.journal().c_str(), O_RDWR | O_CLOEXEC)};
  REQUIRE(::flock(held.get(), LOCK_EX) == 0);
  writer.add(banned(target(2)));
  CHECK(writer.write(start, 0ms));
  CHECK(writer.write(start + 900ms, 0ms));
  const base::Result<void> late = writer.write(start + 1s, 0ms);
  REQUIRE_FALSE(late);
  CHECK(late.error().text == "'" + place.journal() + "' is locked by another process");
  CHECK(alive(place) == std::set{target(1)});
  REQUIRE(journal::compact(place, kNoon));  // leaves it to another time
  const std::string line = banned(target(3));
  while (writer.gathered() + line.size() <= journal::Writer::kMost) writer.add(line);
  writer.add(banned(target(4)));
  held = base::Fd{};
  const base::Result<void> written = writer.write(start + 2s, 0ms);
  REQUIRE_FALSE(written);
  CHECK(written.error().text == "'" + place.journal() + "' was locked by another process, 1 lines lost");
  CHECK(alive(place) == std::set{target(1), target(2), target(3)});
  CHECK(writer.gathered() == 0);
}

TEST_CASE("a journal that is a link or a pipe is neither written nor read") {
  const Folder folder;
  const std::string path = folder.place().journal(), victim = folder.path + "/victim";
  REQUIRE(journal::make_folder(folder.place()));
  std::ofstream{victim} << "theirs\n";
  std::filesystem::create_symlink(victim, path);
  journal::Journal journal{folder.place()};
  const base::Result<void> written = journal.append(banned(target(1)), 1s);
  REQUIRE_FALSE(written);
  CHECK(written.error().text == "open '" + path + "': a symbolic link, not a regular file");
  CHECK(std::filesystem::file_size(victim) == 7);
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  ledger::Ledger ledger;
  CHECK_FALSE(journal.append(banned(target(1)), 1s));
  CHECK_FALSE(journal::replay(folder.place(), ledger, kNoon));
  CHECK_FALSE(journal::compact(folder.place(), kNoon));
}

TEST_CASE("lists are kept by name and direction, and forgotten") {
  const Folder folder;
  const journal::Place place = folder.place(), other{place.folder, "xlimit@4026"};
  const std::vector<ip::Prefix> prefixes{*ip::parse_prefix("192.0.2.0/24"),
                                         *ip::parse_prefix("2001:db8::/32")};
  REQUIRE(journal::kept_lists(place));
  REQUIRE(journal::keep_list(place, {"feed", event::Direction::in}, prefixes));
  REQUIRE(journal::keep_list(place, {"feed", event::Direction::out}, {}));
  REQUIRE(journal::keep_list(other, {"theirs", event::Direction::in}, prefixes));
  auto lists = journal::kept_lists(place);
  REQUIRE(lists);
  CHECK(*lists ==
        std::vector<journal::KeptList>{{"feed", event::Direction::in}, {"feed", event::Direction::out}});
  CHECK(*journal::read_list(place, lists->front()) == prefixes);
  REQUIRE(journal::forget_list(place, lists->front()));
  REQUIRE(journal::forget_list(place, lists->front()));
  CHECK(journal::kept_lists(place)->size() == 1);
}

TEST_CASE("a kept list that somebody broke is not half understood") {
  const Folder folder;
  REQUIRE(journal::keep_list(folder.place(), {"feed", event::Direction::in}, {}));
  std::ofstream{folder.place().path("feed.in.list")} << "192.0.2.1\nbanana\n";
  CHECK_FALSE(journal::read_list(folder.place(), {"feed", event::Direction::in}));
}

TEST_CASE("a list is written again only when it differs from what is kept") {
  const Folder folder;
  const journal::Place place = folder.place();
  const journal::KeptList list{"feed", event::Direction::in};
  std::vector<ip::Prefix> prefixes;
  for (unsigned i = 0; i < 20000; ++i) prefixes.push_back(target(2 * i));
  struct stat first {
  }, second{};
  REQUIRE(journal::keep_list(place, list, prefixes));
  REQUIRE(::stat(place.path("feed.in.list").c_str(), &first) == 0);
  REQUIRE(journal::keep_list(place, list, prefixes));
  REQUIRE(::stat(place.path("feed.in.list").c_str(), &second) == 0);
  CHECK(first.st_ino == second.st_ino);
  prefixes.pop_back();
  REQUIRE(journal::keep_list(place, list, prefixes));
  CHECK(*journal::read_list(place, list) == prefixes);
  prefixes.back() = target(50000);
  REQUIRE(journal::keep_list(place, list, prefixes));
  CHECK(*journal::read_list(place, list) == prefixes);
}

TEST_CASE("ports are remembered for each direction until there are none") {
  const Folder folder;
  const journal::Place place = folder.place();
  CHECK(journal::kept_ports(place, event::Direction::in)->empty());
  const std::vector<std::uint16_t> ports{443, 8443};
  REQUIRE(journal::keep_ports(place, event::Direction::in, ports));
  CHECK(*journal::kept_ports(place, event::Direction::in) == ports);
  CHECK(journal::kept_ports(place, event::Direction::out)->empty());
  REQUIRE(journal::keep_ports(place, event::Direction::in, {}));
  CHECK(journal::kept_ports(place, event::Direction::in)->empty());
}
