// SPDX-License-Identifier: MIT
// The bed's web server on [::]:80, both families: /slow trickles 8 KiB every 100 ms, anything else is a short
// page.
#include <poll.h>

#include <thread>

#include "net.h"

namespace {

// True when the client has sent a whole request; its path is then in `path`.
bool read_request(int fd, std::string& path) {
  std::string head;
  char buffer[2048];
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0 || head.size() > 16384) return false;
    head.append(buffer, static_cast<std::size_t>(got));
  }
  const std::size_t begin = head.find(' ') + 1;
  path = head.substr(begin, head.find(' ', begin) - begin);
  return true;
}

// Until the client goes away; poll() is the clock, so a hang-up ends it at once.
void trickle(int fd) {
  const std::string block(8192, 's');
  pollfd watched{fd, POLLIN | POLLRDHUP, 0};
  if (!bed::send_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")) return;
  while (bed::send_all(fd, block) && ::poll(&watched, 1, 100) == 0) {
  }
}

void serve(bed::Fd client) {
  std::string path;
  if (!read_request(client.get(), path)) return;
  if (path.starts_with("/slow")) return trickle(client.get());
  bed::send_all(client.get(), "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n");
}

}  // namespace

int main() {
  const bed::Endpoint here = bed::endpoint("::", "80");
  const bed::Fd listener{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener.get(), bed::raw(here), here.size) < 0 || ::listen(listener.get(), 512) < 0)
    bed::die("listen");
  while (true) {
    bed::Fd client{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (client) std::thread{serve, std::move(client)}.detach();
  }
}
