// SPDX-License-Identifier: MIT
// What goes into a file comes once, however many processes are killed over it, and wherever.
#include <linux/capability.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <random>

#include "outbox_bench.h"

using namespace bench;

namespace {

// Root reads what it may not, until it gives that up.
class Unprivileged {
 public:
  Unprivileged() {
    REQUIRE(::syscall(SYS_capget, &header_, before_.data()) == 0);
    auto fewer = before_;
    fewer[0].effective &= ~(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
    REQUIRE(::syscall(SYS_capset, &header_, fewer.data()) == 0);
  }
  ~Unprivileged() { ::syscall(SYS_capset, &header_, before_.data()); }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> before_{};
};

// How the file is opened.
struct Way {
  bool appends = true, readable = true;
};
constexpr std::array<Way, 4> kWays{{{true, true}, {true, false}, {false, true}, {false, false}}};

Fd open_to_write(const Bench& bench, Way way) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (way.appends ? O_APPEND : 0);
  Fd fd{::open(bench.file("out").c_str(), flags, 0600)};
  ::fchmod(fd.get(), way.readable ? 0600 : 0200);
  ::lseek(fd.get(), 0, SEEK_END);
  return fd;
}

void append_out(const Bench& bench, const std::string& text) {
  std::ofstream{bench.file("out"), std::ios::app} << text;
}

std::string content(const Bench& bench) {
  fs::permissions(bench.file("out"), fs::perms::owner_all);
  return bench.content("out");
}

// A file that has "before" and the first 300 bytes of these lines, of which the process that was killed knew
// nothing.
struct Torn : Bench {
  std::string text = numbered(1, 3);
  std::size_t out = 0;
  Way way;

  explicit Torn(Way opened) : way(opened) {
    const Fd file = open_to_write(*this, way);
    Outbox box = open(file.get());
    put(box, "before\n", "before\n");
    REQUIRE(*box.send());
    CHECK(box.save(kStart).has_value());
    put(box, text, "after\n");
    write(300);
  }
  // write(2), and then kill -9.
  void write(std::size_t bytes) {
    append_out(*this, text.substr(out, bytes));
    out = std::min(text.size(), out + bytes);
  }
  // The next process, which is killed then.
  void die_after(std::size_t bytes) {
    const Fd file = open_to_write(*this, way);
    { const Outbox killed = open(file.get()); }
    write(bytes);
  }
  void go_on() {
    const Fd file = open_to_write(*this, way);
    Outbox box = open(file.get());
    CHECK(*box.send());
    CHECK(box.found() == "after\n");
  }
};

}  // namespace

TEST_CASE("a line that was torn goes on where it was torn after any number who were killed") {
  const Unprivileged user;
  const std::vector<std::vector<std::size_t>> chains{{0},
                                                     {10},
                                                     {100},
                                                     {250},
                                                     {1000},
                                                     {0, 0},
                                                     {10, 10},
                                                     {100, 100},
                                                     {250, 10},
                                                     {10, 1000},
                                                     {110, 1, 2, 3, 200}};
  for (const Way way : kWays) {
    for (const std::vector<std::size_t>& chain : chains) {
      CAPTURE(way.appends);
      CAPTURE(way.readable);
      CAPTURE(chain);
      Torn bench{way};
      for (const std::size_t bytes : chain) bench.die_after(bytes);
      bench.go_on();
      CHECK(content(bench) == "before\n" + bench.text);
    }
  }
}

TEST_CASE("a line that was torn goes on in a file that was renamed meanwhile") {
  Torn bench{{}};
  const Fd file = open_to_write(bench, {});
  bench.write(20);
  fs::rename(bench.file("out"), bench.file("moved"));
  Outbox box = bench.open(file.get());
  CHECK(*box.send());
  CHECK(bench.content("moved") == "before\n" + bench.text);
}

TEST_CASE("a line that was torn comes whole where it cannot go on") {
  Torn bench{{}};
  const std::string second = bench.text.substr(bench.text.find('\n') + 1);
  SUBCASE("because others wrote there") {
    append_out(bench, "others\n");
    bench.go_on();
    CHECK(bench.content("out") == "before\n" + bench.text.substr(0, 300) + "others\n" + second);
  }
  SUBCASE("because others wrote there when one more had been killed") {
    bench.die_after(10);
    append_out(bench, "others\n");
    bench.go_on();
    CHECK(bench.content("out") == "before\n" + bench.text.substr(0, 310) + "others\n" + second);
  }
  SUBCASE("because others wrote there after one who was killed before it wrote") {
    bench.die_after(0);
    append_out(bench, "others\n");
    bench.go_on();
    CHECK(bench.content("out") == "before\n" + bench.text.substr(0, 300) + "others\n" + second);
  }
  SUBCASE("because the file was emptied") {
    bench.die_after(0);
    fs::resize_file(bench.file("out"), 0);
    bench.go_on();
    CHECK(bench.content("out") == second);
  }
}

namespace {

constexpr int kLines = 12;

// Of various lengths, and alike but for the number.
std::string lines(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i)
    text += std::to_string(i) + std::string(static_cast<std::size_t>(i * 67 % 300), '.') + "\n";
  return text;
}

// A process that writes lines, and the dice that say how it fares.
class Life {
 public:
  Life(const Bench& bench, Way way, bool others, unsigned seed)
      : bench_(bench), way_(way), others_(others), dice_(seed) {}

  // `calm`: to the last line, and nothing happens to it.
  [[noreturn]] void live(bool calm) {
    const Fd file = open_to_write(bench_, way_);
    auto box = Outbox::open(file.get(), bench_.path, true);
    if (!box) ::_exit(2);
    int last = box->found() ? std::stoi(*box->found()) : 0;
    if (!box->found()) {
      box->commit("0\n");
      if (!box->save(kStart)) ::_exit(2);
    }
    send(*box, calm);
    for (int rounds = 0; (calm || rounds < 3) && last < kLines; ++rounds) {
      const int next = std::min(kLines, last + 1 + roll(4));
      put(*box, lines(last + 1, next), std::to_string(next) + "\n");
      last = next;
      if (others_ && roll(3) == 0) append_out(bench_, "another\n");
      send(*box, calm);
      if (roll(3) == 0 && !box->finish()) ::_exit(2);
    }
    ::_exit(0);
  }

 private:
  int roll(unsigned sides) { return static_cast<int>(dice_() % sides); }

  // Now and then the file takes a part only, and the process goes.
  void send(Outbox& box, bool calm) {
    const rlim_t size = fs::file_size(bench_.file("out"));
    rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit narrow{size + static_cast<rlim_t>(roll(400)), limit.rlim_max};
    const bool some = !calm && roll(2) == 0;
    if (some) ::setrlimit(RLIMIT_FSIZE, &narrow);
    const auto all = box.send();
    if (!all || !*all) ::_exit(1);
    if (some) ::setrlimit(RLIMIT_FSIZE, &limit);
  }

  const Bench& bench_;
  Way way_;
  bool others_;
  std::minstd_rand dice_;
};

// Runs it in a process that is killed on its way into or out of a system call, the so-many-th, unless it ends
// before. True when it ended well.
bool run(Life life, bool calm, int calls) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(3);
    ::raise(SIGSTOP);
    life.live(calm);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSTOPPED(status));
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  while (calls-- > 0 && ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) == 0) {
    ::waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) break;
  }
  if (WIFSTOPPED(status)) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  if (WIFEXITED(status)) REQUIRE(WEXITSTATUS(status) <= 1);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// How often it stands there as a line.
std::size_t count_line(const std::string& text, const std::string& line) {
  std::size_t count = 0;
  for (std::size_t at = text.find(line); at != std::string::npos; at = text.find(line, at + 1))
    count += at == 0 || text[at - 1] == '\n' ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("lines come once, and none is torn, when process after process is killed at any system call") {
  const Unprivileged user;
  std::minstd_rand dice{1};
  for (int story = 0; story < 60; ++story) {
    const Way way = kWays[dice() % kWays.size()];
    const bool others = way.readable && way.appends && dice() % 2 == 0;
    CAPTURE(story);
    CAPTURE(way.appends);
    CAPTURE(way.readable);
    CAPTURE(others);
    const Bench bench;
    { const Fd made = open_to_write(bench, way); }
    for (int lives = 0; lives < 8; ++lives) {
      run(Life{bench, way, others, static_cast<unsigned>(dice())}, false, 1 + static_cast<int>(dice() % 250));
      if (others && dice() % 3 == 0) append_out(bench, "another\n");
    }
    CHECK(run(Life{bench, way, others, 1}, true, 100000));
    const std::string text = content(bench);
    if (!others) CHECK(text == lines(1, kLines));
    for (int i = 1; i <= kLines; ++i) CHECK(count_line(text, lines(i, i)) == 1);
  }
}
