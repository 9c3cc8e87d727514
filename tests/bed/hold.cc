// SPDX-License-Identifier: MIT
// Holds sockets for a test and tells what became of them. "hold NETNS" makes those of `connect` in that
// network namespace. One command a line on stdin, one answer a line:
//
//   listen ADDRESS PORT             "ok"; on :: it takes IPv4 as well; connections are accepted and kept
//   connect NAME COUNT FROM TO PORT "ok PORT..." with the ports on FROM's side
//   udp NAME FROM PORT TO PORT      "ok"; connected. TO "-" leaves it unconnected
//   state NAME                      "ALIVE RESET CLOSED" of the sockets of that name
//
// A command that fails answers "failed: REASON".
#include <iostream>
#include <map>
#include <sstream>
#include <vector>

#include "net.h"

namespace {

using bed::Fd;

enum class Fate { alive, reset, closed };

struct Held {
  Fd fd;
  Fate fate = Fate::alive;
};

std::vector<Fd> listeners, accepted;
std::map<std::string, std::vector<Held>> held;
std::string clients;  // namespace

std::string failed() { return std::string{"failed: "} + std::strerror(errno); }

Fd open_socket(const bed::Endpoint& end, int type) {
  return Fd{::socket(end.address.ss_family, type | SOCK_CLOEXEC, 0)};
}

std::string listen_on(const std::string& address, const std::string& port) {
  const bed::Endpoint end = bed::endpoint(address, port);
  Fd fd = open_socket(end, SOCK_STREAM | SOCK_NONBLOCK);
  const int off = 0;
  if (end.address.ss_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd.get(), bed::raw(end), end.size) < 0 || ::listen(fd.get(), 64) < 0) return failed();
  listeners.push_back(std::move(fd));
  return "ok";
}

void accept_all() {
  for (const Fd& listener : listeners) {
    for (Fd fd; (fd = Fd{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)});)
      accepted.push_back(std::move(fd));
  }
}

unsigned port_of(const Fd& fd) {
  sockaddr_in6 own{};  // sin6_port stands where sin_port does
  socklen_t size = sizeof own;
  ::getsockname(fd.get(), static_cast<sockaddr*>(static_cast<void*>(&own)), &size);
  return ntohs(own.sin6_port);
}

std::string connect_all(const std::string& name, int count, const std::string& from, const std::string& to,
                        const std::string& port) {
  std::string answer = "ok";
  const bed::Endpoint source = bed::endpoint(from, "0"), target = bed::endpoint(to, port);
  for (int i = 0; i < count; ++i) {
    Fd fd = bed::socket_in(clients, source.address.ss_family, SOCK_STREAM);
    if (::bind(fd.get(), bed::raw(source), source.size) < 0) return failed();
    if (::connect(fd.get(), bed::raw(target), target.size) < 0) return failed();
    answer += ' ' + std::to_string(port_of(fd));
    held[name].push_back({std::move(fd)});
    accept_all();
  }
  return answer;
}

std::string hold_udp(const std::string& name, const std::string& from, const std::string& port,
                     const std::string& to, const std::string& to_port) {
  const bed::Endpoint source = bed::endpoint(from, port);
  Fd fd = open_socket(source, SOCK_DGRAM);
  if (::bind(fd.get(), bed::raw(source), source.size) < 0) return failed();
  if (to != "-") {
    const bed::Endpoint target = bed::endpoint(to, to_port);
    if (::connect(fd.get(), bed::raw(target), target.size) < 0) return failed();
  }
  held[name].push_back({std::move(fd)});
  return "ok";
}

Fate look_at(const Held& socket) {
  char byte;
  if (socket.fate != Fate::alive) return socket.fate;
  const ssize_t size = ::recv(socket.fd.get(), &byte, 1, MSG_DONTWAIT);
  if (size == 0) return Fate::closed;
  return size > 0 || errno == EAGAIN ? Fate::alive : Fate::reset;
}

std::string state_of(const std::string& name) {
  int alive = 0, reset = 0, closed = 0;
  for (Held& socket : held[name]) {
    socket.fate = look_at(socket);
    ++(socket.fate == Fate::alive ? alive : socket.fate == Fate::reset ? reset : closed);
  }
  return std::to_string(alive) + ' ' + std::to_string(reset) + ' ' + std::to_string(closed);
}

std::string obey(const std::string& line) {
  std::istringstream words{line};
  std::string verb, name, from, port, to, to_port;
  int count = 0;
  words >> verb >> name;
  if (verb == "listen" && words >> port) return listen_on(name, port);
  if (verb == "connect" && words >> count >> from >> to >> port)
    return connect_all(name, count, from, to, port);
  if (verb == "udp" && words >> from >> port >> to >> to_port) return hold_udp(name, from, port, to, to_port);
  if (verb == "state" && held.contains(name)) return state_of(name);
  return "failed: not understood";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) clients = argv[1];
  for (std::string line; std::getline(std::cin, line);) bed::say(obey(line));
  return 0;
}
