// SPDX-License-Identifier: MIT
// Downloads through a proxy and says what happens to each connection, with the time in microseconds since
// 1970.
//
//   download NAME socks HOST PORT COUNT TARGET PATH [- [MS]]     COUNT connections through a SOCKS5 server
//   download NAME vless HOST PORT COUNT TARGET PATH UUID [MS]    the same, speaking VLESS to the server
//   itself
//
// With MS the download is made again every so many milliseconds, until somebody ends the program.
// TARGET is the web server's IPv4 address. A real v2ray client keeps its application waiting after the
// server's connection was reset; a VLESS client of our own sees the reset. Lines on stdout:
//   NAME US asked N           the request is on its way
//   NAME US bytes N TOTAL GAP about four times a second while data flows; GAP: longest silence so far, in ms
//   NAME US silent N TOTAL    nothing came for a second (once)
//   NAME US cut N REASON      the connection broke
//   NAME US done N TOTAL      the page is complete
#include <poll.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "net.h"

namespace {

struct Job {
  std::string name, kind, host, port, target, path, uuid;
  int again = 0;
};

// v2ray keeps a connection half open for seconds after the web server closed it, so the end of the short page
// is told by its text.
constexpr std::string_view kPageEnd = "hello\n";

void report(const Job& job, const std::string& what) {
  bed::say(job.name + ' ' + std::to_string(bed::now_us()) + ' ' + what);
}

std::string target_bytes(const Job& job) {
  in_addr address{};
  ::inet_pton(AF_INET, job.target.c_str(), &address);
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &address, 4);
  return bytes;
}

std::string unhex(std::string_view uuid) {
  std::string digits, bytes;
  std::copy_if(uuid.begin(), uuid.end(), std::back_inserter(digits), [](char c) { return c != '-'; });
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

// RFC 1928: no authentication, CONNECT to an IPv4 address, port 80.
bool greet_socks(int fd, const Job& job) {
  using namespace std::string_view_literals;
  char answer[10];
  return bed::send_all(fd, "\x05\x01\x00"sv) && ::recv(fd, answer, 2, MSG_WAITALL) == 2 &&
         bed::send_all(fd,
                       std::string{"\x05\x01\x00\x01"sv} + target_bytes(job) + std::string{"\x00\x50"sv}) &&
         ::recv(fd, answer, sizeof answer, MSG_WAITALL) == static_cast<ssize_t>(sizeof answer) &&
         answer[1] == 0;
}

// Version 0, the user's id, no addons, TCP, the port, an IPv4 address; the answer's two bytes count as data.
std::string vless_head(const Job& job) {
  using namespace std::string_view_literals;
  return std::string{"\0"sv} + unhex(job.uuid) + std::string{"\0\x01\x00\x50\x01"sv} + target_bytes(job);
}

bool ask(int fd, const Job& job) {
  std::string request =
      "GET " + job.path + " HTTP/1.1\r\nHost: " + job.target + "\r\nConnection: close\r\n\r\n";
  if (job.kind == "socks" && !greet_socks(fd, job)) return false;
  if (job.kind == "vless") request.insert(0, vless_head(job));
  return bed::send_all(fd, request);
}

void watch(int fd, const Job& job, const std::string& number) {
  char buffer[65536];
  long long total = 0, gap = 0, last = bed::now_us(), told = 0;
  bool silent = false;
  pollfd watched{fd, POLLIN, 0};
  while (true) {
    if (::poll(&watched, 1, 1000) == 0) {
      if (!silent) report(job, "silent " + number + ' ' + std::to_string(total));
      silent = true;
      continue;
    }
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    const long long now = bed::now_us();
    if (got < 0) return report(job, "cut " + number + ' ' + std::strerror(errno));
    if (got == 0) return report(job, "done " + number + ' ' + std::to_string(total));
    if (total > 0) gap = std::max(gap, now - last);
    total += got;
    last = now;
    silent = false;
    if (std::string_view{buffer, static_cast<std::size_t>(got)}.ends_with(kPageEnd))
      return report(job, "done " + number + ' ' + std::to_string(total));
    if (now - told < 250'000) continue;
    told = now;
    report(job, "bytes " + number + ' ' + std::to_string(total) + ' ' + std::to_string(gap / 1000));
  }
}

void download(const Job& job, const std::string& number) {
  const bed::Endpoint server = bed::endpoint(job.host, job.port);
  const bed::Fd fd{::socket(server.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(fd.get(), bed::raw(server), server.size) < 0)
    return report(job, "cut " + number + " connect: " + std::strerror(errno));
  report(job, "asked " + number);
  if (!ask(fd.get(), job)) return report(job, "cut " + number + " refused");
  watch(fd.get(), job, number);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8 || argc > 10) {
    std::fputs("usage: download NAME socks|vless HOST PORT COUNT TARGET PATH [UUID [MS]]\n", stderr);
    return 64;
  }
  const Job job{argv[1],
                argv[2],
                argv[3],
                argv[4],
                argv[6],
                argv[7],
                argc > 8 ? argv[8] : "",
                argc > 9 ? std::atoi(argv[9]) : 0};
  do {
    std::vector<std::thread> threads;
    for (int number = 1; number <= std::atoi(argv[5]); ++number)
      threads.emplace_back([&job, number] { download(job, std::to_string(number)); });
    for (std::thread& thread : threads) thread.join();
    ::poll(nullptr, 0, job.again);
  } while (job.again > 0);
}
