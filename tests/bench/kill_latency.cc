// SPDX-License-Identifier: MIT
// From the write of a `banned` line to `sockkill apply`, until the client's recv() says ECONNRESET.
//
//   kill_latency --mode exact|sweep|ss --clients NETNS [--trials 300]
//
// exact: the line names the client's port. sweep: it does not, so the kernel's table is walked. ss: no
// sockkill; an `ss -K` is run for the address, which is what a script would do. Run it in a network namespace
// with 192.0.2.1 on it; 203.0.113.200 is in NETNS, because sockkill leaves the host's own addresses alone.
// Prints "p50 p90 p99 max" in milliseconds; fails when a client was not reset.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <vector>

#include "net.h"

extern char** environ;

namespace {

using bed::die;
using bed::Fd;
using Clock = std::chrono::steady_clock;
constexpr const char* kClient = "203.0.113.200";

struct Pair {
  Fd client, server;
  unsigned port = 0;
};

Fd listen_dual() {
  Fd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int off = 0;
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const bed::Endpoint any = bed::endpoint("::", "443");
  if (::bind(fd.get(), bed::raw(any), any.size) < 0 || ::listen(fd.get(), 16) < 0) die("listen on 443");
  return fd;
}

Pair connect_pair(const Fd& listener, const std::string& clients) {
  Pair pair;
  pair.client = bed::socket_in(clients, AF_INET, SOCK_STREAM);
  const bed::Endpoint from = bed::endpoint(kClient, "0"), to = bed::endpoint("192.0.2.1", "443");
  if (::bind(pair.client.get(), bed::raw(from), from.size) < 0) die("bind");
  if (::connect(pair.client.get(), bed::raw(to), to.size) < 0) die("connect");
  pair.server = Fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  sockaddr_in own{};
  socklen_t size = sizeof own;
  if (!pair.server || ::getsockname(pair.client.get(), reinterpret_cast<sockaddr*>(&own), &size) < 0)
    die("accept");
  pair.port = ntohs(own.sin_port);
  return pair;
}

struct Sockkill {
  Fd in, out;

  // So that the next line meets a program at rest.
  void wait_killed() const {
    std::string seen;
    std::array<char, 4096> part{};
    while (seen.find("\"killed\"") == std::string::npos) {
      const ssize_t size = ::read(out.get(), part.data(), part.size());
      if (size <= 0) die("sockkill went away");
      seen.append(part.data(), static_cast<std::size_t>(size));
    }
  }
};

Sockkill start_sockkill() {
  std::array<int, 2> in{}, out{};
  if (::pipe2(in.data(), O_CLOEXEC) < 0 || ::pipe2(out.data(), O_CLOEXEC) < 0) die("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::array<char*, 3> words{const_cast<char*>("sockkill"), const_cast<char*>("apply"), nullptr};
  pid_t pid;
  if (::posix_spawnp(&pid, "sockkill", &actions, nullptr, words.data(), environ) != 0) die("start sockkill");
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  return {Fd{in[1]}, Fd{out[0]}};
}

void write_banned(const Fd& pipe, const Pair& pair, bool exact) {
  std::string line =
      R"({"type":"banned","time":"2026-06-01T12:00:00.000000Z","id":"0","origin":"n/bench","target":")";
  line += kClient;
  line += R"(","seconds":60,"direction":"in",)";
  if (exact) line += R"("ports":[)" + std::to_string(pair.port) + "],";
  line += R"("result":"added","set":"xlimit4"})"
          "\n";
  if (::write(pipe.get(), line.data(), line.size()) < 0) die("sockkill went away");
}

void run_ss() {
  std::array<char*, 7> words{};
  std::size_t at = 0;
  for (const char* word : {"ss", "-K", "-n", "-t", "dst", kClient}) words[at++] = const_cast<char*>(word);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid;
  if (::posix_spawnp(&pid, "ss", &actions, nullptr, words.data(), environ) != 0) die("start ss");
  posix_spawn_file_actions_destroy(&actions);
}

double percentile(const std::vector<double>& sorted, double part) {
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

}  // namespace

int main(int argc, char** argv) {
  std::string mode = "exact", clients;
  int trials = 300;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view{argv[i]} == "--mode") mode = argv[i + 1];
    if (std::string_view{argv[i]} == "--clients") clients = argv[i + 1];
    if (std::string_view{argv[i]} == "--trials") trials = std::atoi(argv[i + 1]);
  }
  const Fd listener = listen_dual();
  const bool ours = mode != "ss";
  const Sockkill sockkill = ours ? start_sockkill() : Sockkill{};
  std::vector<double> took;
  int missed = 0;
  for (int i = 0; i < trials + 10; ++i) {
    const Pair pair = connect_pair(listener, clients);
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    ::setsockopt(pair.client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char byte;
    if (::recv(pair.client.get(), &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN) die("reset too early");
    const Clock::time_point begin = Clock::now();
    if (ours)
      write_banned(sockkill.in, pair, mode == "exact");
    else
      run_ss();
    const bool reset = ::recv(pair.client.get(), &byte, 1, 0) < 0 && errno == ECONNRESET;
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    if (!reset) ++missed;
    if (i >= 10) took.push_back(ms);  // the first ones start programs and fill caches
    if (ours) sockkill.wait_killed();
    while (!ours && ::waitpid(-1, nullptr, 0) > 0) {
    }
  }
  std::sort(took.begin(), took.end());
  std::printf("%.3f %.3f %.3f %.3f\n", percentile(took, 0.5), percentile(took, 0.9), percentile(took, 0.99),
              took.back());
  if (missed > 0) std::fprintf(stderr, "kill_latency: %d clients were not reset\n", missed);
  return missed > 0 ? 1 : 0;
}
