// SPDX-License-Identifier: MIT
// From the write of a log line to the reset that the offender's client sees, through the pipeline under test.
//
//   latency --log FILE --node NS --near NS --far NS --others NS [--trials 300] [--connections 4]
//           [--rule overlap|strict] [--logged one|all] [--ban SECONDS] [--stand MS] [--pause MS] [--ssh]
//           [--floor]
//
// Each trial takes a fresh user and fresh addresses. Kinds take turns: IPv4 on 0.0.0.0:443, IPv6 on [::]:443,
// IPv4 on the dual-stack [::]:8443. Connections stand for --stand (0 ms) before the first line. The lines
// before the deciding one are written --pause (10 ms) earlier, so that it meets a pipeline at rest; with 0
// all are written at once. The offender's client sleeps in poll(2) by then. --logged: whether a line tells of
// one of the offender's connections or of each. --ssh: something listens at port 22 and has a client. With
// --floor nothing is judged: see floor.h. Times are printed and never asserted; the exit code is 1 when
// anything that was promised did not happen.
#include <algorithm>
#include <future>
#include <optional>

#include "arena.h"
#include "floor.h"

namespace {

using bench::Client;
using bench::Fd;
using Clock = std::chrono::steady_clock;

struct Settings {
  std::string log, node, near, far, others, rule = "overlap", logged = "one";
  int trials = 300, connections = 4, ban = 0, stand = 0, pause = 10;
  bool floor = false, ssh = false;
};

struct Kind {
  const char *name, *server, *port;
  bool v6;
};
constexpr Kind kKinds[] = {{"IPv4", "192.0.2.1", "443", false},
                           {"IPv6", "2001:db8:1::1", "443", true},
                           {"IPv4 on a dual-stack socket", "192.0.2.1", "8443", false}};

int failures = 0;
void fail(int trial, const std::string& what) {
  if (++failures <= 20) std::fprintf(stderr, "trial %d: %s\n", trial, what.c_str());
}

// The trial's own address in a pool: 198.18.x.y or 2001:db8:1xxx:yyyy::7 (near), 198.19 and 3 (far).
std::string address(bool v6, bool far, int trial) {
  char text[64];
  const int high = trial / 250, low = trial % 250 + 1;
  if (v6)
    std::snprintf(text, sizeof text, "2001:db8:%d%03x:%x::7", far ? 3 : 1, high, low);
  else
    std::snprintf(text, sizeof text, "198.%d.%d.%d", far ? 19 : 18, high, low);
  return text;
}

// As Xray writes it, in UTC.
std::string line(const std::string& address, std::uint16_t port, int trial) {
  const long long us = bed::now_us();
  const std::time_t seconds = us / 1'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char stamp[64], text[256];
  std::strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", &utc);
  const bool v6 = address.find(':') != std::string::npos;
  std::snprintf(
      text, sizeof text,
      "%s.%06lld from %s%s%s:%u accepted tcp:www.example.com:443 [vless-in >> direct] email: user-%d\n",
      stamp, us % 1'000'000, v6 ? "[" : "", address.c_str(), v6 ? "]" : "", unsigned{port}, trial);
  return text;
}

void append(int log, const std::string& text) {
  if (::write(log, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    bed::die("append to the log");
}

// When each connection was reset; shorter than `clients` when some were not.
std::vector<Clock::time_point> wait_for_resets(const std::vector<Client>& clients, int trial) {
  std::vector<pollfd> watched;
  for (const Client& client : clients) watched.push_back({client.fd.get(), POLLIN, 0});
  std::vector<Clock::time_point> times;
  while (times.size() < clients.size() && ::poll(watched.data(), watched.size(), 2000) > 0) {
    const Clock::time_point now = Clock::now();
    for (pollfd& one : watched) {
      char byte;
      if (one.revents == 0) continue;
      if (::recv(one.fd, &byte, 1, 0) >= 0 || errno != ECONNRESET)
        fail(trial, "a connection ended without a reset");
      one.fd = -1;
      times.push_back(now);
    }
  }
  if (times.size() < clients.size()) fail(trial, "a connection of the offender was not cut");
  return times;
}

int run_in(const std::string& netns, std::vector<std::string> words) {
  words.insert(words.begin(), {"ip", "netns", "exec", netns});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const Fd null{::open("/dev/null", O_WRONLY)};
    ::dup2(null.get(), STDOUT_FILENO);
    ::execvp(argv[0], argv.data());
    std::_Exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Results {
  std::vector<double> first, last;
};

void print(const char* name, std::vector<double> times) {
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    return times[static_cast<std::size_t>(part * double(times.size() - 1))] / 1000;
  };
  std::printf("%-44s %8.3f %8.3f %8.3f %8.3f   %zu\n", name, at(0.5), at(0.9), at(0.99), at(1), times.size());
}

class Bench {
 public:
  explicit Bench(const Settings& settings)
      : settings_(settings),
        log_(::open(settings.log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)),
        server_(settings.node, settings.ssh) {
    if (!log_) bed::die(settings.log);
    if (settings.floor) floor_.emplace(settings.node, settings.log);
    for (const Kind& kind : kKinds)
      for (int i = 0; i < 4; ++i)
        bystanders_.push_back(bench::dial(settings.others, kind.v6 ? "2001:db8:12::12" : "203.0.113.12",
                                          kind.server, kind.port));
    if (!settings.ssh) return;
    bystanders_.push_back(bench::dial(settings.others, "203.0.113.12", "192.0.2.1", "22"));
    ::poll(nullptr, 0, 2100);  // so long ipban may go on believing that nobody listens
  }

  void trial(int number) {
    const Kind& kind = kKinds[number % 3];
    const std::string near = address(kind.v6, false, number), far = address(kind.v6, true, number);
    const Client honest = bench::dial(settings_.near, near, kind.server, kind.port);
    std::vector<Client> offender;
    for (int i = 0; i < settings_.connections; ++i)
      offender.push_back(bench::dial(settings_.far, far, kind.server, kind.port));
    // The server has accepted, and every connection is past its handshake, once it answers.
    if (!honest.fd || !bench::answers(honest)) return fail(number, "the honest client found no server");
    for (const Client& client : offender)
      if (!client.fd || !bench::answers(client)) return fail(number, "the offender found no server");

    ::poll(nullptr, 0, settings_.stand);
    auto [before, deciding] = lines(number, near, far, honest, offender);
    if (floor_) prepare_floor(kind, far, offender);
    if (!floor_ && settings_.pause == 0) deciding.insert(0, before);
    if (!floor_ && settings_.pause != 0) append(log_.get(), before);
    std::future<std::vector<Clock::time_point>> resets =
        std::async(std::launch::async, [&] { return wait_for_resets(offender, number); });
    ::poll(nullptr, 0, std::max(settings_.pause, 1));
    const Clock::time_point start = Clock::now();
    append(log_.get(), deciding);
    const std::vector<Clock::time_point> times = resets.get();
    const auto since = [&](Clock::time_point time) {
      return std::chrono::duration<double, std::micro>(time - start).count();
    };
    if (times.size() == offender.size()) {
      results_[number % 3].first.push_back(since(times.front()));
      results_[number % 3].last.push_back(since(times.back()));
    }
    check_after(number, kind, far, honest);
  }

  // Once the bans have run out: nothing old is back, and the addresses are welcome again.
  void after_the_bans(int trials) {
    if (floor_ || settings_.ban == 0) return;
    const Clock::time_point end = Clock::now() + std::chrono::seconds{settings_.ban + 5};
    const int last = trials - 1;
    while (run_in(settings_.node, {"ipban", "test", address(kKinds[last % 3].v6, true, last)}) == 0 &&
           Clock::now() < end)
      ::poll(nullptr, 0, 50);
    if (server_.held_from("198.19.", "2001:db8:3") != 0)
      fail(last, "the server holds old connections of offenders");
    for (int number = std::max(0, trials - 3); number < trials; ++number) {
      const Kind& kind = kKinds[number % 3];
      const Client again = bench::dial(settings_.far, address(kind.v6, true, number), kind.server, kind.port);
      if (!again.fd || !bench::answers(again))
        fail(number, "the ban has run out and the address is still shut out");
    }
  }

  void report() const {
    Results all;
    for (const Results& one : results_) {
      all.first.insert(all.first.end(), one.first.begin(), one.first.end());
      all.last.insert(all.last.end(), one.last.begin(), one.last.end());
    }
    print("  first of the resets", all.first);
    print("  last of them", all.last);
    for (std::size_t i = 0; i < 3 && !floor_; ++i)
      print(("    " + std::string{kKinds[i].name}).c_str(), results_[i].last);
  }

 private:
  // The lines that break no rule yet, and the one that does. With all connections logged and the strict rule
  // the rest of the offender's lines come along with his first.
  std::pair<std::string, std::string> lines(int number, const std::string& near, const std::string& far,
                                            const Client& honest, const std::vector<Client>& offender) const {
    const std::string older = line(near, honest.port, number);
    const std::size_t logged = settings_.logged == "all" ? offender.size() : 1;
    std::string newer;
    for (std::size_t i = 0; i < logged; ++i) newer += line(far, offender[i].port, number);
    if (settings_.rule == "strict") return {older, newer};
    return {older + newer, line(near, honest.port, number)};
  }

  void prepare_floor(const Kind& kind, const std::string& far, const std::vector<Client>& offender) const {
    std::vector<bench::Destroy> messages;
    for (const Client& client : offender)
      messages.push_back(bench::make_destroy(kind.server, kind.port, far, client.port));
    floor_->prepare(messages);
  }

  void check_after(int number, const Kind& kind, const std::string& far, const Client& honest) const {
    if (!bench::answers(honest)) fail(number, "the honest client was cut");
    for (const Client& client : bystanders_)
      if (!bench::answers(client)) fail(number, "a bystander was cut");
    if (floor_) return;
    if (run_in(settings_.node, {"ipban", "test", far}) != 0)
      fail(number, "'ipban test " + far + "' does not say yes");
    // Every tenth trial waits for an answer that must not come.
    if (number % 10 == 0 && bench::dial(settings_.far, far, kind.server, kind.port, 20).fd)
      fail(number, "the banned address could connect again");
  }

  Settings settings_;
  Fd log_;
  bench::Server server_;
  std::optional<bench::Floor> floor_;
  std::vector<Client> bystanders_;
  std::array<Results, 3> results_;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  const std::map<std::string, std::string*> texts{
      {"--log", &settings.log},      {"--node", &settings.node}, {"--near", &settings.near},
      {"--far", &settings.far},      {"--rule", &settings.rule}, {"--others", &settings.others},
      {"--logged", &settings.logged}};
  const std::map<std::string, int*> numbers{{"--trials", &settings.trials},
                                            {"--connections", &settings.connections},
                                            {"--ban", &settings.ban},
                                            {"--stand", &settings.stand},
                                            {"--pause", &settings.pause}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--floor") {
      settings.floor = true;
    } else if (word == "--ssh") {
      settings.ssh = true;
    } else if (i + 1 < argc && texts.contains(word)) {
      *texts.at(word) = argv[++i];
    } else if (i + 1 < argc && numbers.contains(word)) {
      *numbers.at(word) = std::atoi(argv[++i]);
    } else {
      std::fprintf(stderr, "latency: '%s' is no option\n", word.c_str());
      std::exit(64);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  Bench bench{settings};
  for (int number = 0; number < settings.trials; ++number) bench.trial(number);
  bench.after_the_bans(settings.trials);
  bench.report();
  if (failures > 0) std::fprintf(stderr, "%d things did not happen as they should\n", failures);
  return failures > 0 ? 1 : 0;
}
