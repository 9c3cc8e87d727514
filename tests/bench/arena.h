// SPDX-License-Identifier: MIT
// Where latency is measured: a server in one network namespace that answers every byte, clients in others.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "net.h"

namespace bench {

using bed::die;
using bed::enter;
using bed::Fd;

inline Fd listen_on(const std::string& address, const std::string& port, bool only_v6) {
  const bed::Endpoint here = bed::endpoint(address, port);
  Fd fd{::socket(here.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int on = 1, only = only_v6;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (here.address.ss_family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  if (::bind(fd.get(), bed::raw(here), here.size) < 0 || ::listen(fd.get(), 4096) < 0)
    die("listen on " + address);
  return fd;
}

inline std::string peer_of(int fd) {
  bed::Endpoint peer;
  peer.size = sizeof peer.address;
  char host[INET6_ADDRSTRLEN] = "";
  if (::getpeername(fd, static_cast<sockaddr*>(static_cast<void*>(&peer.address)), &peer.size) == 0)
    ::getnameinfo(bed::raw(peer), peer.size, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  const std::string text{host};
  return text.starts_with("::ffff:") ? text.substr(7) : text;
}

// The server's process: 0.0.0.0:443, [::]:443 for IPv6 alone, and [::]:8443 for both families, so that its
// IPv4 clients sit on IPv6 sockets; [::]:22 if asked for. A byte in comes back; a byte on `control` is
// answered with the number of connections it holds from addresses that start with `prefix4` or `prefix6`.
class Server {
 public:
  explicit Server(const std::string& netns, bool ssh = false) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) die("socketpair");
    control_ = Fd{pair[0]};
    Fd theirs{pair[1]};
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      serve(netns, theirs.get(), ssh);
    }
    char ready;
    if (::recv(control_.get(), &ready, 1, 0) != 1) die("start the server");
  }
  ~Server() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int held_from(const std::string& prefix4, const std::string& prefix6) const {
    int held = -1;
    bed::send_all(control_.get(), prefix4 + ' ' + prefix6 + '\n');
    return ::recv(control_.get(), &held, sizeof held, MSG_WAITALL) == sizeof held ? held : -1;
  }

 private:
  [[noreturn]] static void serve(const std::string& netns, int control, bool ssh) {
    enter(netns);
    const Fd listeners[] = {listen_on("0.0.0.0", "443", false), listen_on("::", "443", true),
                            listen_on("::", "8443", false), ssh ? listen_on("::", "22", false) : Fd{}};
    const Fd poller{::epoll_create1(EPOLL_CLOEXEC)};
    const auto watch = [&](int fd) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
      ::epoll_ctl(poller.get(), EPOLL_CTL_ADD, fd, &event);
    };
    for (const Fd& listener : listeners) {
      if (listener) watch(listener.get());
    }
    watch(control);
    bed::send_all(control, "r");
    std::map<int, std::string> peers;
    epoll_event events[64];
    while (true) {
      const int count = ::epoll_wait(poller.get(), events, 64, -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[i].data.fd;
        if (fd == control) {
          answer(control, peers);
        } else if (peers.contains(fd)) {
          if (!echo(fd)) peers.erase(fd), ::close(fd);
        } else if (const int client = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC); client >= 0) {
          peers[client] = peer_of(client);
          watch(client);
        }
      }
    }
  }
  static bool echo(int fd) {
    char byte;
    return ::recv(fd, &byte, 1, 0) == 1 && ::send(fd, &byte, 1, MSG_NOSIGNAL) == 1;
  }
  static void answer(int control, const std::map<int, std::string>& peers) {
    char text[256];
    const ssize_t got = ::recv(control, text, sizeof text - 1, 0);
    if (got <= 0) std::_Exit(0);
    const std::string words{text, static_cast<std::size_t>(got - 1)};
    const std::string prefix4 = words.substr(0, words.find(' ')), prefix6 = words.substr(words.find(' ') + 1);
    int held = 0;
    for (const auto& [fd, peer] : peers) held += peer.starts_with(prefix4) || peer.starts_with(prefix6);
    bed::send_all(control, {static_cast<const char*>(static_cast<const void*>(&held)), sizeof held});
  }

  pid_t pid_ = -1;
  Fd control_;
};

struct Client {
  Fd fd;
  std::uint16_t port = 0;
};

// A connection from `source` (which the namespace owns by route, not by name) that the server has accepted.
// Empty when nobody answers within `wait_ms`.
inline Client dial(const std::string& netns, const std::string& source, const std::string& server,
                   const std::string& port, int wait_ms = 3000) {
  enter(netns);
  const bed::Endpoint from = bed::endpoint(source, "0"), to = bed::endpoint(server, port);
  Fd fd{::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof on);
  if (::bind(fd.get(), bed::raw(from), from.size) < 0) die("bind to " + source);
  ::connect(fd.get(), bed::raw(to), to.size);
  pollfd watched{fd.get(), POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  if (::poll(&watched, 1, wait_ms) != 1) return {};
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return {};
  sockaddr_in6 own{};  // the port stands at the same place in both families
  size = sizeof own;
  ::getsockname(fd.get(), static_cast<sockaddr*>(static_cast<void*>(&own)), &size);
  return {std::move(fd), ntohs(own.sin6_port)};
}

// One byte there and back.
inline bool answers(const Client& client) {
  char byte = 'x';
  pollfd watched{client.fd.get(), POLLIN, 0};
  return ::send(client.fd.get(), &byte, 1, MSG_NOSIGNAL) == 1 && ::poll(&watched, 1, 3000) == 1 &&
         ::recv(client.fd.get(), &byte, 1, 0) == 1;
}

}  // namespace bench
