// SPDX-License-Identifier: MIT
// Text goes out once: a process that is gone leaves what the next one needs.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <csignal>

#include "outbox/saved.h"
#include "outbox/unsent.h"
#include "outbox_bench.h"

using namespace bench;
using xlimit::base::Exit;
using xlimit::outbox::Saved;
using xlimit::outbox::went_out;

namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    read = Fd{ends[0]};
    write = Fd{ends[1]};
  }
  std::string drain() const {
    std::string all;
    std::array<char, 65536> chunk;
    for (ssize_t got = 0; (got = ::read(read.get(), chunk.data(), chunk.size())) > 0;)
      all.append(chunk.data(), static_cast<std::size_t>(got));
    return all;
  }
  Fd read, write;
};

}  // namespace

TEST_CASE("a saved state says what was put in, and a torn one is none") {
  const Saved saved{7, "log a\nend of days\n\nend 12\n"};
  const std::string text = format(saved);
  const auto read = xlimit::outbox::parse(text);
  REQUIRE(read.has_value());
  CHECK(read->generation == 7);
  CHECK(read->state == saved.state);
  for (std::size_t length = 0; length < text.size(); ++length)
    CHECK_FALSE(xlimit::outbox::parse(text.substr(0, length)).has_value());
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string torn = text;
    torn[at] = static_cast<char>(torn[at] ^ 1);
    CHECK_FALSE(xlimit::outbox::parse(torn).has_value());
  }
}

TEST_CASE("what was committed and not sent goes out from the next process") {
  const Bench bench;
  const Pipe pipe;
  {
    Outbox out = bench.open(pipe.write.get());
    CHECK_FALSE(out.found().has_value());
    put(out, "", "nothing\n");
    CHECK(out.save(kStart).has_value());
    put(out, "one\n", "one\n");
    CHECK(*out.send());
    put(out, "two\n", "two\n");
  }
  {
    Outbox out = bench.open(pipe.write.get());
    CHECK(out.found() == "two\n");
    CHECK(out.pending());
    CHECK(*out.send());
    out.write("gathered only\n");
  }
  Outbox out = bench.open(pipe.write.get());
  CHECK_FALSE(out.pending());
  CHECK(*out.send());
  CHECK(pipe.drain() == "one\ntwo\n");
}

TEST_CASE("what a full pipe did not take goes out from the next process, into another pipe too") {
  const Bench bench;
  const Pipe first, second;
  const std::string text = numbered(1, 800);
  {
    Outbox out = bench.open(first.write.get());
    put(out, text, "all\n");
    REQUIRE(*out.send());
    CHECK(out.save(kStart).has_value());
    put(out, text, "twice\n");
    CHECK_FALSE(*out.send());
  }
  std::string got = first.drain();
  Outbox out = bench.open(second.write.get());
  CHECK(*out.send());
  got += second.drain();
  const bool same = got == text + text;
  CHECK(same);
}

TEST_CASE("a file that has taken a part of the text gets its rest") {
  const Bench bench;
  const std::string text = numbered(1, 3);
  {
    const Fd file = bench.append("out");
    Outbox out = bench.open(file.get());
    put(out, "before\n", "before\n");
    REQUIRE(*out.send());
    CHECK(out.save(kStart).has_value());
    put(out, text, "after\n");
    std::ofstream{bench.file("out"), std::ios::app} << text.substr(0, 300);  // write(2), and then kill -9
  }
  SUBCASE("the same file: a line goes on where it was torn") {
    const Fd file = bench.append("out");
    Outbox out = bench.open(file.get());
    CHECK(*out.send());
    const bool same = bench.content("out") == "before\n" + text;
    CHECK(same);
  }
  SUBCASE("the same file, after one more who was killed before it wrote") {
    const Fd file = bench.append("out");
    { const Outbox killed = bench.open(file.get()); }
    Outbox out = bench.open(file.get());
    CHECK(*out.send());
    const bool same = bench.content("out") == "before\n" + text;
    CHECK(same);
  }
  SUBCASE("another file: a torn line comes whole") {
    const Fd file = bench.append("other");
    Outbox out = bench.open(file.get());
    CHECK(*out.send());
    const bool same = bench.content("other") == text.substr(text.find('\n') + 1);
    CHECK(same);
  }
}

TEST_CASE(
    "a line of which a pipe took a part comes whole into another pipe, also by the process after next") {
  const Bench bench;
  const Pipe first, second;
  const std::string text = "short\n" + std::string(150000, 'x') + "\n";
  ::fcntl(first.write.get(), F_SETPIPE_SZ, 65536);
  {
    Outbox out = bench.open(first.write.get());
    put(out, "", "none\n");
    CHECK(out.save(kStart).has_value());
    ::fcntl(first.write.get(), F_SETPIPE_SZ, 65536);
    put(out, text, "all\n");
    REQUIRE_FALSE(*out.send());
  }
  { const Outbox killed = bench.open(first.write.get()); }
  std::string got = first.drain();
  const bool torn = got.size() > 6 && got == text.substr(0, got.size());
  CHECK(torn);
  SUBCASE("the same pipe: it goes on") {
    Outbox out = bench.open(first.write.get());
    while (!*out.send()) got += first.drain();
    got += first.drain();
    const bool same = got == text;
    CHECK(same);
  }
  SUBCASE("another one") {
    Outbox out = bench.open(second.write.get());
    std::string again;
    while (!*out.send()) again += second.drain();
    again += second.drain();
    const bool same = again == text.substr(6);
    CHECK(same);
  }
}

TEST_CASE("half a line of another in the file is ended before the text goes out") {
  const Bench bench;
  {
    const Fd file = bench.append("out");
    Outbox out = bench.open(file.get());
    put(out, "", "before\n");
    CHECK(out.save(kStart).has_value());
    put(out, "whole\n", "after\n");
    std::ofstream{bench.file("out"), std::ios::app} << "another tor";
  }
  const Fd file = bench.append("out");
  Outbox out = bench.open(file.get());
  CHECK(*out.send());
  CHECK(bench.content("out") == "another tor\nwhole\n");
}

TEST_CASE("a file that has taken all of the text gets nothing") {
  const Bench bench;
  for (int run = 0; run < 2; ++run) {
    const Fd file = bench.append("out");
    Outbox out = bench.open(file.get());
    if (run == 1) CHECK_FALSE(out.pending());
    if (run == 1) break;
    put(out, "", "before\n");
    CHECK(out.save(kStart).has_value());
    put(out, "text\n", "state\n");
    std::ofstream{bench.file("out"), std::ios::app} << "text\n";
  }
  CHECK(bench.content("out") == "text\n");
}

TEST_CASE("text is found among what others append to the same file") {
  const std::string text = "one\ntwo\nthree\n";
  CHECK(went_out("", text) == 0);
  CHECK(went_out("one\ntwo\nthree\n", text) == text.size());
  CHECK(went_out("one\ntwo\nthree\nothers\n", text) == text.size());
  CHECK(went_out("others\none\ntwo\nthree\n", text) == text.size());
  CHECK(went_out("others\none\ntw", text) == 6);
  CHECK(went_out("on", text) == 2);
  CHECK(went_out("others\n", text) == 0);
  CHECK(went_out("once upon\n", text) == 0);
  CHECK(went_out("one\ntwothers\n", text) == 4);  // a torn line that nobody can mend
}

TEST_CASE("a state that outgrows its slate is kept in a larger one") {
  const Bench bench;
  const Pipe pipe;
  const std::string large(100000, 's');
  {
    Outbox out = bench.open(pipe.write.get());
    put(out, "one\n", "small\n");
    REQUIRE(*out.send());
    CHECK(out.save(kStart).has_value());
    put(out, "two\n", large);
  }
  Outbox out = bench.open(pipe.write.get());
  const bool same = out.found() == large;
  CHECK(same);
  CHECK(*out.send());
  CHECK(pipe.drain() == "one\ntwo\n");
}

TEST_CASE("who begins elsewhere takes nothing up") {
  const Bench bench;
  const Pipe pipe;
  {
    Outbox out = bench.open(pipe.write.get());
    put(out, "old\n", "old\n");
    REQUIRE(*out.send());
    CHECK(out.save(kStart).has_value());
    put(out, "unsent\n", "newer\n");
  }
  {
    Outbox out = bench.open(pipe.write.get(), false);
    CHECK_FALSE(out.found().has_value());
    put(out, "new\n", "new\n");
    CHECK(*out.send());
  }
  CHECK(pipe.drain() == "old\nnew\n");
  CHECK(bench.open(pipe.write.get()).found() == "new\n");
}

TEST_CASE("PATH is what counts after a power cut, and is not ahead of what is out") {
  const Bench bench;
  const Pipe pipe;
  {
    Outbox out = bench.open(pipe.write.get());
    put(out, "one\n", "one\n");
    REQUIRE(*out.send());
    CHECK(out.save(kStart).has_value());
    put(out, "two\n", "two\n");
    CHECK(out.save(kStart + Outbox::kPeriod).has_value());  // pending
    REQUIRE(*out.send());
    CHECK(out.save(kStart + Outbox::kPeriod / 2).has_value());  // too soon
    CHECK(xlimit::outbox::read_saved(bench.path)->value().state == "one\n");
    CHECK(out.finish().has_value());
  }
  CHECK(xlimit::outbox::read_saved(bench.path)->value().state == "two\n");
  fs::remove(bench.path + ".now");
  CHECK(bench.open(pipe.write.get()).found() == "two\n");
  std::ofstream{bench.path + ".now"} << "nonsense";
  CHECK(bench.open(pipe.write.get()).found() == "two\n");
  fs::remove(bench.path);  // a fresh start is asked for
  CHECK_FALSE(bench.open(pipe.write.get()).found().has_value());
}

TEST_CASE("a checkpoint has one process at a time, and what is none is refused") {
  const Bench bench;
  const Pipe pipe;
  {
    Outbox out = bench.open(pipe.write.get());
    CHECK(Outbox::open(pipe.write.get(), bench.path, true).error().code == Exit::kTemporary);
    put(out, "", "state\n");
    CHECK(out.save(kStart).has_value());
  }
  fs::resize_file(bench.path, 10);
  CHECK(Outbox::open(pipe.write.get(), bench.path, true).error().code == Exit::kData);
}

TEST_CASE("a checkpoint that cannot be written is told, tried again, and text goes out all the same") {
  const Bench bench;
  const Pipe pipe;
  fs::create_directories(bench.file("here"));
  auto out = Outbox::open(pipe.write.get(), bench.file("here/place"), true);
  REQUIRE(out.has_value());
  fs::rename(bench.file("here"), bench.file("away"));
  put(*out, "one\n", "one\n");
  CHECK(*out->send());
  CHECK_FALSE(out->save(kStart).has_value());
  fs::rename(bench.file("away"), bench.file("here"));
  put(*out, "two\n", "two\n");
  CHECK(*out->send());
  CHECK(out->save(kStart + Outbox::kPeriod).has_value());
  CHECK(xlimit::outbox::read_saved(bench.file("here/place"))->value().state == "two\n");
  CHECK(fs::exists(bench.file("here/place.now")));
  CHECK(pipe.drain() == "one\ntwo\n");
}

TEST_CASE("a link in the place of a new slate is not written through") {
  const Bench bench;
  std::ofstream{bench.file("victim")} << "theirs";
  fs::create_symlink(bench.file("victim"), bench.path + ".now.new");
  const Fd file = bench.append("out");
  Outbox out = bench.open(file.get());
  out.write("a\n");
  out.commit("1");
  REQUIRE(out.send());
  CHECK(out.finish().has_value());
  CHECK(bench.content("victim") == "theirs");
  CHECK(bench.content("out") == "a\n");
}

TEST_CASE("a reader that went away is no error, and what it did not get is for the next") {
  const Bench bench;
  std::signal(SIGPIPE, SIG_IGN);
  {
    Pipe pipe;
    Outbox out = bench.open(pipe.write.get());
    put(out, "", "none\n");
    CHECK(out.save(kStart).has_value());
    pipe.read = Fd{};
    put(out, "text\n", "text\n");
    CHECK(*out.send());
    CHECK(out.gone());
  }
  const Pipe pipe;
  Outbox out = bench.open(pipe.write.get());
  CHECK(*out.send());
  CHECK(pipe.drain() == "text\n");
}

TEST_CASE("what waits in a pipe is not written over by what follows") {
  const Bench bench;
  const Pipe pipe;
  ::fcntl(pipe.write.get(), F_SETPIPE_SZ, 1 << 20);
  Outbox out = bench.open(pipe.write.get());
  std::string all;
  for (int round = 0; round < 40; ++round) {
    const std::string text = numbered(round * 200, round * 200 + (round % 3 == 0 ? 0 : 199));
    put(out, text, std::to_string(round));
    while (!*out.send()) all += pipe.drain();
    if (round % 7 == 0) all += pipe.drain();
  }
  all += pipe.drain();
  std::string wanted;
  for (int round = 0; round < 40; ++round)
    wanted += numbered(round * 200, round * 200 + (round % 3 == 0 ? 0 : 199));
  const bool same = all == wanted;
  CHECK(same);
}
