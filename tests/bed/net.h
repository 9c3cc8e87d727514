// SPDX-License-Identifier: MIT
// What the bed's programs share: sockets that die loudly, whole writes, time stamps, one line at a time on
// stdout.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace bed {

using xlimit::base::Fd;

// A bed that cannot be built is no result: say why and end.
[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

// Moves this thread into a named namespace; sockets made before stay where they were made.
inline void enter(const std::string& netns) {
  const Fd fd{::open(("/run/netns/" + netns).c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd || ::setns(fd.get(), CLONE_NEWNET) < 0) die("enter namespace '" + netns + "'");
}

// A socket made in a named namespace, or right here when the name is empty.
inline Fd socket_in(const std::string& netns, int family, int type) {
  if (netns.empty()) return Fd{::socket(family, type | SOCK_CLOEXEC, 0)};
  const Fd home{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  enter(netns);
  Fd made{::socket(family, type | SOCK_CLOEXEC, 0)};
  if (!home || ::setns(home.get(), CLONE_NEWNET) < 0) die("leave namespace '" + netns + "'");
  return made;
}

// Microseconds since 1970, so that stamps of different processes compare.
inline long long now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

inline bool send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// One write a line: several processes share the pipe behind stdout.
inline void say(std::string line) {
  line += '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(0);
}

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// A numeric address and a port.
inline Endpoint endpoint(const std::string& host, const std::string& port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    std::fprintf(stderr, "'%s' port '%s' is no numeric endpoint\n", host.c_str(), port.c_str());
    std::exit(64);
  }
  Endpoint result;
  std::memcpy(&result.address, found->ai_addr, found->ai_addrlen);
  result.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return result;
}

inline const sockaddr* raw(const Endpoint& end) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&end.address));
}

}  // namespace bed
