// SPDX-License-Identifier: MIT
// What one walk of the kernel's table of connections costs here: whoever does not know a client's ports has
// to wait for one.
//
//   walk [COUNT]     one line in the form of latency.cc's
#include <linux/inet_diag.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "net.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Request {
  nlmsghdr header{};
  inet_diag_req walk{};
};

// Both families, established, nobody's: only the walk itself is left.
double walk(int fd) {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = TCPDIAG_GETSOCK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.walk.idiag_family = AF_UNSPEC;
  request.walk.idiag_states = 1U << 1;
  alignas(nlmsghdr) std::array<char, 65536> buffer;
  const Clock::time_point start = Clock::now();
  if (::send(fd, &request, sizeof request, 0) < 0) bed::die("send");
  for (bool done = false; !done;) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) bed::die("receive");
    const void* first = buffer.data();
    done = static_cast<const nlmsghdr*>(first)->nlmsg_type == NLMSG_DONE;
  }
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  const bed::Fd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
  std::vector<double> times;
  for (int left = argc > 1 ? std::max(1, std::atoi(argv[1])) : 100; left > 0; --left)
    times.push_back(walk(fd.get()));
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    return times[static_cast<std::size_t>(part * double(times.size() - 1))];
  };
  std::printf("%-44s %8.3f %8.3f %8.3f %8.3f   %zu\n", "one walk of the kernel's table of connections",
              at(0.5), at(0.9), at(0.99), at(1), times.size());
}
