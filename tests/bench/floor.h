// SPDX-License-Identifier: MIT
// The floor under the limiter's latency: the same road without anything to decide. One process follows the
// file and three pass the line on by pipe; the last destroys exactly the sockets it is told, by address and
// port.
#pragma once

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/inotify.h>

#include <array>

#include "arena.h"

namespace bench {

#ifndef SOCK_DESTROY
#define SOCK_DESTROY 21  // linux/sock_diag.h of kernels from 4.5 on
#endif

struct Destroy {
  nlmsghdr header{};
  inet_diag_req_v2 request{};
};

// The server's end of a client's connection.
inline Destroy make_destroy(const std::string& server, const std::string& server_port,
                            const std::string& client, std::uint16_t port) {
  Destroy message;
  message.header = {.nlmsg_len = sizeof message,
                    .nlmsg_type = SOCK_DESTROY,
                    .nlmsg_flags = NLM_F_REQUEST,
                    .nlmsg_seq = 0,
                    .nlmsg_pid = 0};
  inet_diag_req_v2& request = message.request;
  const bool v6 = client.find(':') != std::string::npos;
  request.sdiag_family = v6 ? AF_INET6 : AF_INET;
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = 1U << 1;  // established
  ::inet_pton(request.sdiag_family, server.c_str(), request.id.idiag_src);
  ::inet_pton(request.sdiag_family, client.c_str(), request.id.idiag_dst);
  request.id.idiag_sport = htons(static_cast<std::uint16_t>(std::stoi(server_port)));
  request.id.idiag_dport = htons(port);
  request.id.idiag_cookie[0] = request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return message;
}

class Floor {
 public:
  Floor(const std::string& netns, std::string path) : path_(std::move(path)) {
    enter(netns);
    orders_ = Fd{::open((path_ + ".orders").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    int previous = -1;
    for (int stage = 0; stage < 4; ++stage) {
      int ends[2] = {-1, -1};
      if (::pipe2(ends, O_CLOEXEC) < 0) die("pipe");
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (stage == 0) follow(ends[1]);
        if (stage < 3) relay(previous, ends[1]);
        destroy(previous);
      }
      pids_.push_back(pid);
      if (previous >= 0) ::close(previous);
      ::close(ends[1]);
      previous = ends[0];
    }
    last_ = Fd{previous};
  }
  ~Floor() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL), ::waitpid(pid, nullptr, 0);
    ::unlink((path_ + ".orders").c_str());
  }
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;

  // What the next line means; read by the last process when the line has come to it.
  void prepare(const std::vector<Destroy>& messages) const {
    const std::size_t size = messages.size() * sizeof(Destroy);
    if (::ftruncate(orders_.get(), 0) < 0 || ::pwrite(orders_.get(), messages.data(), size, 0) < 0)
      die("orders");
  }

 private:
  [[noreturn]] void follow(int out) const {
    const Fd file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)}, notify{::inotify_init1(IN_CLOEXEC)};
    if (::inotify_add_watch(notify.get(), path_.c_str(), IN_MODIFY) < 0) die(path_);
    ::lseek(file.get(), 0, SEEK_END);
    std::array<char, 65536> buffer;
    while (::read(notify.get(), buffer.data(), buffer.size()) > 0) {
      const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
      if (got > 0 && ::write(out, buffer.data(), static_cast<std::size_t>(got)) < 0) break;
    }
    std::_Exit(0);
  }
  [[noreturn]] static void relay(int in, int out) {
    std::array<char, 65536> buffer;
    for (ssize_t got; (got = ::read(in, buffer.data(), buffer.size())) > 0;)
      if (::write(out, buffer.data(), static_cast<std::size_t>(got)) < 0) break;
    std::_Exit(0);
  }
  [[noreturn]] void destroy(int in) const {
    const Fd diag{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
    std::array<char, 65536> buffer;
    while (::read(in, buffer.data(), buffer.size()) > 0) {
      const ssize_t size = ::pread(orders_.get(), buffer.data(), buffer.size(), 0);
      if (size > 0 && ::send(diag.get(), buffer.data(), static_cast<std::size_t>(size), 0) < 0)
        die("destroy");
      if (::ftruncate(orders_.get(), 0) < 0) die("orders");
    }
    std::_Exit(0);
  }

  std::string path_;
  Fd orders_, last_;
  std::vector<pid_t> pids_;
};

}  // namespace bench
