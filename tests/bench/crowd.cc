// SPDX-License-Identifier: MIT
// A crowd of real TCP connections over loopback: servers on [::], clients on a few IPv4 addresses in turn.
//
//   crowd --sockets 50000 --processes 6 ADDRESS...
//
// Says "ready PORT..." when all connections stand. Then, for each line on stdin that names an ADDRESS, says
// "ADDRESS RESET ALIVE OTHERS DEAF": how many of its clients got ECONNRESET, how many live on, how many
// clients of other addresses that nobody has named so far were reset, and how many listeners no longer take a
// connection. Ends with its stdin.
//
// Several processes, because a descriptor limit of 20,000 is usual and every connection takes two.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <iostream>
#include <set>
#include <sstream>
#include <vector>

#include "net.h"

namespace {

using bed::die;
using bed::Fd;

struct Client {
  std::string address;
  Fd fd;
};

struct Count {
  unsigned reset = 0, alive = 0, others = 0, deaf = 0;
};

struct Server {
  Fd fd;
  std::string port;
};

Server listen_anywhere() {
  Fd fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int off = 0;
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::listen(fd.get(), 128) < 0) die("listen");
  sockaddr_in6 own{};
  socklen_t size = sizeof own;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) < 0) die("getsockname");
  return {std::move(fd), std::to_string(ntohs(own.sin6_port))};
}

Fd connect_from(const std::string& address, const std::string& port) {
  Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const bed::Endpoint from = bed::endpoint(address, "0"), to = bed::endpoint("192.0.2.1", port);
  if (!fd || ::bind(fd.get(), bed::raw(from), from.size) < 0) die("bind '" + address + "'");
  if (::connect(fd.get(), bed::raw(to), to.size) < 0) die("connect from '" + address + "'");
  return fd;
}

bool was_reset(const Fd& fd) {
  pollfd polled{fd.get(), POLLIN, 0};
  if (::poll(&polled, 1, 0) <= 0) return false;
  char byte;
  return ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET;
}

class Worker {
 public:
  Worker(unsigned connections, const std::vector<std::string>& addresses) : server_(listen_anywhere()) {
    for (unsigned i = 0; i < connections; ++i) {
      const std::string& address = addresses[i % addresses.size()];
      clients_.push_back({address, connect_from(address, server_.port)});
      accepted_.emplace_back(::accept4(server_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!accepted_.back()) die("accept");
    }
  }

  Count look(const std::string& address) {
    named_.insert(address);
    Count count;
    for (Client& client : clients_) {
      if (client.address == address)
        ++(was_reset(client.fd) ? count.reset : count.alive);
      else if (!named_.contains(client.address))
        count.others += was_reset(client.fd);
    }
    const Fd fresh = connect_from("192.0.2.1", server_.port);
    const Fd taken{::accept4(server_.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    count.deaf = taken ? 0 : 1;
    return count;
  }

 private:
  Server server_;
  std::vector<Client> clients_;
  std::vector<Fd> accepted_;
  std::set<std::string> named_;
};

struct Process {
  Fd orders, answers;
};

Process start(unsigned connections, const std::vector<std::string>& addresses) {
  std::array<int, 2> down{}, up{};
  if (::pipe2(down.data(), O_CLOEXEC) < 0 || ::pipe2(up.data(), O_CLOEXEC) < 0) die("pipe");
  const pid_t pid = ::fork();
  if (pid < 0) die("fork");
  if (pid > 0) {
    ::close(down[0]);
    ::close(up[1]);
    return {Fd{down[1]}, Fd{up[0]}};
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::close(down[1]);
  Worker worker{connections, addresses};
  Count count;
  std::array<char, 64> address{};
  do {
    if (::write(up[1], &count, sizeof count) != sizeof count) std::_Exit(1);
    address.fill(0);
    if (::read(down[0], address.data(), address.size()) <= 0) std::_Exit(0);
    count = worker.look(address.data());
  } while (true);
}

Count gather(const std::vector<Process>& processes) {
  Count sum;
  for (const Process& process : processes) {
    Count part;
    if (::read(process.answers.get(), &part, sizeof part) != sizeof part) die("a worker ended");
    sum = {sum.reset + part.reset, sum.alive + part.alive, sum.others + part.others, sum.deaf + part.deaf};
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned sockets = 50000, processes = 6;
  std::vector<std::string> addresses;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--sockets" && i + 1 < argc)
      sockets = static_cast<unsigned>(std::stoul(argv[++i]));
    else if (word == "--processes" && i + 1 < argc)
      processes = static_cast<unsigned>(std::stoul(argv[++i]));
    else
      addresses.push_back(word);
  }
  if (addresses.empty()) return std::fprintf(stderr, "crowd: no address given\n"), 64;
  std::vector<Process> workers;
  for (unsigned i = 0; i < processes; ++i)
    workers.push_back(start(sockets / processes + (i < sockets % processes ? 1 : 0), addresses));
  gather(workers);
  bed::say("ready");
  std::string address;
  while (std::getline(std::cin, address)) {
    address.resize(64);
    for (const Process& worker : workers) {
      if (::write(worker.orders.get(), address.data(), address.size()) < 0) die("a worker ended");
    }
    const Count count = gather(workers);
    std::ostringstream line;
    line << address.c_str() << ' ' << count.reset << ' ' << count.alive << ' ' << count.others << ' '
         << count.deaf;
    bed::say(line.str());
  }
  return 0;
}
