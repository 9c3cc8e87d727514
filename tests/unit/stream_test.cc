// SPDX-License-Identifier: MIT
// Lines in bounded memory, output that never blocks a stop, a loop whose watches may leave while it runs.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "stream/file.h"
#include "stream/lines.h"
#include "stream/loop.h"
#include "stream/output.h"

using namespace xlimit;
using namespace std::chrono_literals;
using base::Fd;

namespace fs = std::filesystem;

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    read = Fd{ends[0]};
    write = Fd{ends[1]};
  }
  void put(const std::string& text) const {
    REQUIRE(::write(write.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  Fd read, write;
};

struct Collector {
  // Everything that the pipe holds now.
  stream::ReadState pull(int fd) {
    const auto state = lines.read(fd, [this](const stream::Piece& piece) {
      pieces.push_back(std::string{piece.first ? "<" : "-"} + std::string{piece.text} +
                       (piece.last ? ">" : "-"));
      readable = readable && piece.text.data()[piece.text.size() + stream::kSlack - 1] >= CHAR_MIN;
    });
    REQUIRE(state);
    return *state;
  }
  stream::Lines lines;
  std::vector<std::string> pieces;
  bool readable = true;
};

}  // namespace

TEST_CASE("lines are split wherever the reads were") {
  Pipe pipe;
  Collector got;
  pipe.put("one\ntw");
  CHECK(got.pull(pipe.read.get()) == stream::ReadState::drained);
  CHECK(got.pieces == std::vector<std::string>{"<one>"});
  pipe.put("o\n\nthree");
  got.pull(pipe.read.get());
  CHECK(got.pieces == std::vector<std::string>{"<one>", "<two>", "<>"});
  pipe.write = {};
  CHECK(got.pull(pipe.read.get()) == stream::ReadState::ended);
  CHECK(got.pieces.back() == "<three>");
}

TEST_CASE("a line longer than the limit comes in pieces that make up the whole") {
  Pipe pipe;
  ::fcntl(pipe.write.get(), F_SETPIPE_SZ, 1 << 20);
  const std::string endless(200000, 'x');
  pipe.put(endless);
  Collector got;
  got.pull(pipe.read.get());
  pipe.put("yz\nnext\n");
  got.pull(pipe.read.get());
  REQUIRE(got.pieces.size() == 3);
  CHECK(got.pieces[0] == "<" + endless + "-");
  CHECK(got.pieces[1] == "-yz>");
  CHECK(got.pieces[2] == "<next>");
}

TEST_CASE("lines that are held back come later, in order, and nothing is read meanwhile") {
  Pipe pipe;
  pipe.put("one\ntwo\nthree\nhal");
  stream::Lines lines;
  std::vector<std::string> got;
  const auto one_at_a_time = [&](const stream::Piece& piece) {
    got.emplace_back(piece.text);
    lines.hold_back();
  };
  CHECK(*lines.read(pipe.read.get(), one_at_a_time) == stream::ReadState::more);
  CHECK(got == std::vector<std::string>{"one"});
  CHECK(lines.pending() == std::string_view{"two\nthree\nhal"}.size());
  pipe.put("f\n");
  CHECK(*lines.read(pipe.read.get(), one_at_a_time) == stream::ReadState::more);
  CHECK(*lines.read(pipe.read.get(), one_at_a_time) == stream::ReadState::more);
  CHECK(got == std::vector<std::string>{"one", "two", "three"});
  CHECK(*lines.read(pipe.read.get(), one_at_a_time) == stream::ReadState::more);
  CHECK(got.size() == 3);
  CHECK_FALSE(lines.holds());
  CHECK(*lines.read(pipe.read.get(), one_at_a_time) == stream::ReadState::more);
  CHECK(got.back() == "half");
  CHECK(lines.pending() == 0);
}

TEST_CASE("a reader that went away is no error, and nothing is kept for it") {
  Pipe pipe;
  stream::Output out{pipe.write.get()};
  pipe.read = {};
  std::signal(SIGPIPE, SIG_IGN);
  CHECK(out.write("hello\n"));
  CHECK(out.flush());
  CHECK(out.gone());
  CHECK(out.empty());
}

TEST_CASE("a full pipe does not keep a stop signal waiting") {
  Pipe pipe, stop;
  stream::Output out{pipe.write.get(), stop.read.get()};
  stop.put("x");
  const std::string block(4096, 'x');
  base::Result<void> written;
  for (int i = 0; i < 1000 && written; ++i) written = out.write(block);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == base::Exit::kTemporary);
}

TEST_CASE("what a full pipe has taken when the writer stops ends with a whole line") {
  Pipe pipe, stop;
  stop.put("x");
  stream::Output out{pipe.write.get(), stop.read.get()};
  const std::string line = std::string(222, 'x') + "\n";
  base::Result<void> written;
  while (written) written = out.write(line);
  std::string taken(1 << 20, '\0');
  taken.resize(static_cast<std::size_t>(::read(pipe.read.get(), taken.data(), taken.size())));
  CHECK(taken.size() > 65536 / 2);
  CHECK(taken.size() % line.size() == 0);
}

TEST_CASE("half a line at the end of a file is ended before the first line") {
  std::string before = "one\nha", after = "one\nha\ntwo\nthree\n";
  int flags = O_APPEND;
  SUBCASE("of one that is appended to") {}
  SUBCASE("of one that is written on") { flags = 0; }
  SUBCASE("but not a whole one") { before = "one\n", after = "one\ntwo\nthree\n"; }
  SUBCASE("nor nothing") { before.clear(), after = "two\nthree\n"; }
  char name[] = "/tmp/xlimit-stream-XXXXXX";
  const Fd file{::mkstemp(name)};
  REQUIRE(file);
  REQUIRE(::write(file.get(), before.data(), before.size()) == static_cast<ssize_t>(before.size()));
  const Fd end{::open(name, O_WRONLY | O_CLOEXEC | flags)};
  ::lseek(end.get(), flags == 0 ? static_cast<off_t>(before.size()) : 0, SEEK_SET);
  stream::Output out{end.get()};
  for (const char* text : {"two\n", "three\n"}) {
    CHECK(out.write(text));
    CHECK(out.flush());
  }
  std::string all(100, '\0');
  all.resize(static_cast<std::size_t>(::pread(file.get(), all.data(), all.size(), 0)));
  CHECK(all == after);
  ::unlink(name);
}

TEST_CASE("a line is too long or not, however it was read") {
  Pipe pipe;
  ::fcntl(pipe.write.get(), F_SETPIPE_SZ, 1 << 20);
  pipe.put(std::string(100000, 'x') + "\nshort\n");
  Collector got;
  got.pull(pipe.read.get());
  REQUIRE(got.pieces.size() == 3);
  CHECK(got.pieces[0].size() == 1 + stream::kMaxInput + 1);
  CHECK(got.pieces[0].back() == '-');
  CHECK(got.pieces[2] == "<short>");
}

TEST_CASE("a disk that is full is said") {
  const Fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  REQUIRE(full);
  stream::Output out{full.get()};
  CHECK(out.write("hello\n"));
  const base::Result<void> flushed = out.flush();
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().code == base::Exit::kIo);
  CHECK(flushed.error().text == "write: No space left on device");
  CHECK_FALSE(out.write("again"));
  CHECK(out.empty());
}

TEST_CASE("a watch is called when its descriptor is readable, and may leave from inside") {
  stream::Loop loop;
  Pipe pipe;
  int calls = 0;
  std::optional<stream::Watch> watch;
  watch.emplace(loop, pipe.read.get(), static_cast<short>(POLLIN), [&](short) {
    ++calls;
    watch.reset();
  });
  stream::Timer later{loop, 1ms, [&] { loop.stop(); }};
  pipe.put("x");
  CHECK(loop.run());
  CHECK(calls == 1);
}

TEST_CASE("a handler's error is what run gives") {
  stream::Loop loop;
  stream::Timer soon{loop, 1ms, [&] { loop.stop(base::Error{base::Exit::kData, "no"}); }};
  const base::Result<void> ended = loop.run();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().text == "no");
}

TEST_CASE("a signal ends the loop") {
  stream::Loop loop;
  stream::Signals signals{loop};
  std::raise(SIGTERM);
  CHECK(loop.run());
}

TEST_CASE("a file is read whole, and a change of it is noticed, also by renaming") {
  std::string directory = "/tmp/xlimit-stream-test.XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  const std::string path = directory + "/limits", aside = directory + "/aside";
  const auto put = [](const std::string& where, const std::string& text) {
    const Fd fd{::open(where.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  put(path, "one");
  stream::Loop loop;
  std::string seen;
  const auto watch = stream::FileWatch::open(loop, path, [&] {
    seen = stream::read_file(path, 100).value_or("gone");
    loop.stop();
  });
  REQUIRE(watch);
  put(aside, "two");
  ::rename(aside.c_str(), path.c_str());
  CHECK(loop.run());
  CHECK(seen == "two");
  CHECK(stream::read_file(path, 2).error().code == base::Exit::kData);
  CHECK(stream::read_file(directory, 100).error().code == base::Exit::kUnavailable);
  CHECK(stream::read_file(path + "x", 100).error().text == "open '" + path + "x': No such file or directory");
  ::unlink(path.c_str());
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(stream::read_file(path, 100).error().text == "open '" + path + "': not a regular file");
  ::unlink(path.c_str());
  ::rmdir(directory.c_str());
}

TEST_CASE("a link to a file in another folder is watched there too, and what can not be watched is told") {
  std::string here = "/tmp/xlimit-stream-test.XXXXXX", there = "/tmp/xlimit-stream-test.XXXXXX";
  REQUIRE(::mkdtemp(here.data()) != nullptr);
  REQUIRE(::mkdtemp(there.data()) != nullptr);
  const std::string link = here + "/limits", path = there + "/real";
  const auto touch = [&] { CHECK(Fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)}); };
  touch();
  REQUIRE(::symlink(path.c_str(), link.c_str()) == 0);
  stream::Loop loop;
  int changes = 0;
  const auto watch = stream::FileWatch::open(loop, link, [&] {
    ++changes;
    loop.stop();
  });
  REQUIRE(watch);
  touch();
  CHECK(loop.run());
  CHECK(changes == 1);
  const auto failing = stream::FileWatch::open(loop, here + "/absent/limits", [] {});
  REQUIRE(!failing);
  CHECK(failing.error().text == "watch '" + here + "/absent': No such file or directory");
  for (const std::string& gone : {link, path}) ::unlink(gone.c_str());
  for (const std::string& gone : {here, there}) ::rmdir(gone.c_str());
}

TEST_CASE("a folder on the way to a file may be a link that is turned to another folder") {
  const fs::path here = fs::path{"/tmp"} / ("xlimit-stream-test-" + std::to_string(::getpid()));
  fs::create_directories(here / "a");
  fs::create_directories(here / "b");
  std::ofstream{here / "a" / "limits"} << "one";
  std::ofstream{here / "b" / "limits"} << "two";
  fs::create_symlink("a", here / "data");
  fs::create_symlink("data/limits", here / "limits");
  stream::Loop loop;
  std::string seen;
  const auto watch = stream::FileWatch::open(loop, here / "limits", [&] {
    seen = stream::read_file(here / "limits", 100).value_or("gone");
    loop.stop();
  });
  REQUIRE(watch);
  fs::create_symlink("b", here / "aside");
  fs::rename(here / "aside", here / "data");
  stream::Timer late{loop, std::chrono::seconds{10}, [&] { loop.stop(); }};
  CHECK(loop.run());
  CHECK(seen == "two");
  fs::remove_all(here);
}

TEST_CASE("a file may come back as a link, or with its folder") {
  const fs::path here = fs::path{"/tmp"} / ("xlimit-stream-test-" + std::to_string(::getpid()));
  const fs::path file = here / "folder" / "limits";
  fs::create_directories(here / "folder");
  std::ofstream{file} << "one";
  std::ofstream{here / "other"} << "two";
  std::vector<std::function<void()>> steps;  // each when what came before was noticed
  SUBCASE("a symbolic one") {
    steps = {[&] { fs::remove(file); }, [&] { fs::create_symlink("../other", file); }};
  }
  SUBCASE("a hard one") {
    steps = {[&] { fs::remove(file); }, [&] { fs::create_hard_link(here / "other", file); }};
  }
  SUBCASE("another folder in its place") {
    steps = {[&] {
      fs::rename(here / "folder", here / "old");
      fs::create_directory(here / "folder");
      fs::copy(here / "other", file);
    }};
  }
  SUBCASE("another folder, later") {
    steps = {[&] { fs::rename(here / "folder", here / "old"); },
             [&] { fs::create_directory(here / "folder"); }, [&] { fs::copy(here / "other", file); }};
  }
  SUBCASE("a folder that was removed") {
    steps = {[&] { fs::remove(file); }, [&] { fs::remove(here / "folder"); },
             [&] {
               fs::create_directory(here / "folder");
               fs::copy(here / "other", file);
             }};
  }
  stream::Loop loop;
  std::string seen;
  std::size_t next = 0;
  const auto go_on = [&] {
    if (next < steps.size()) steps[next++]();
  };
  const auto watch = stream::FileWatch::open(loop, file, [&] {
    seen = stream::read_file(file, 100).value_or("gone");
    if (seen == "two") loop.stop();
    go_on();
  });
  REQUIRE(watch);
  stream::Timer late{loop, std::chrono::seconds{10}, [&] { loop.stop(); }};
  go_on();
  CHECK(loop.run());
  CHECK(seen == "two");
  fs::remove_all(here);
}
