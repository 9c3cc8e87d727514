// SPDX-License-Identifier: MIT
// Netlink over libmnl's socket; reading is our own, because libmnl neither checks who sent a datagram nor
// reports several acknowledgements of one send.
#include "netlink/socket.h"

#include "netlink/messages.h"

#include <libmnl/libmnl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

namespace xlimit::netlink {
namespace {

using base::fail;
using base::failed;
using base::os_error;
using base::Result;

// Requests of several thousand entries and their acknowledgements fit; needs CAP_NET_ADMIN, else the system's
// limit stands.
constexpr int kSocketBuffer = 8 * 1024 * 1024;
constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};

void enlarge(int fd, int forced, int allowed) {
  if (::setsockopt(fd, SOL_SOCKET, forced, &kSocketBuffer, sizeof kSocketBuffer) < 0)
    (void)::setsockopt(fd, SOL_SOCKET, allowed, &kSocketBuffer, sizeof kSocketBuffer);
}

// The positive error number of an NLMSG_ERROR or NLMSG_DONE; a message too short to hold one is an error too.
int error_of(const nlmsghdr& message) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(int))
    return message.nlmsg_type == NLMSG_DONE ? 0 : EBADMSG;
  const int error = *static_cast<const int*>(mnl_nlmsg_get_payload(&message));
  return error < 0 ? -error : 0;
}

tl::unexpected<base::Error> receive_error(int number) {
  if (number == ENOBUFS) return fail(base::Exit::kTemporary, "read netlink socket: answers were lost");
  if (number == EAGAIN) return fail(base::Exit::kTemporary, "read netlink socket: the kernel did not answer");
  return os_error("read netlink socket", number);
}

}  // namespace

void Socket::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

Socket::Socket(mnl_socket* socket) : socket_(socket), buffer_(new std::byte[kBuffer]) {}

Result<Socket> Socket::open(int bus, unsigned groups) {
  mnl_socket* opened = mnl_socket_open2(bus, SOCK_CLOEXEC);
  if (opened == nullptr) return os_error("open netlink socket");
  Socket socket{opened};
  if (mnl_socket_bind(opened, groups, MNL_SOCKET_AUTOPID) < 0) return os_error("bind netlink socket");
  enlarge(socket.fd(), SO_RCVBUFFORCE, SO_RCVBUF);
  enlarge(socket.fd(), SO_SNDBUFFORCE, SO_SNDBUF);
  if (::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) < 0)
    return os_error("set up netlink socket");
  return socket;
}

int Socket::fd() const { return mnl_socket_get_fd(socket_.get()); }

Result<void> Socket::send(std::span<const std::byte> datagram) {
  if (const int error = write(datagram); error != 0) return os_error("write netlink socket", error);
  return {};
}

// Not const: the kernel's answers will wait on this socket.
// NOLINTNEXTLINE(readability-make-member-function-const)
int Socket::write(std::span<const std::byte> datagram) {
  while (::send(fd(), datagram.data(), datagram.size(), 0) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int Socket::read_datagram(int flags, std::span<const std::byte>& datagram) {
  sockaddr_nl sender{};
  iovec place{buffer_.get(), kBuffer};
  msghdr header{};
  header.msg_name = &sender;
  header.msg_namelen = sizeof sender;
  header.msg_iov = &place;
  header.msg_iovlen = 1;
  ssize_t size;
  while ((size = ::recvmsg(fd(), &header, flags)) < 0) {
    if (errno != EINTR) return errno;
  }
  if ((header.msg_flags & MSG_TRUNC) != 0) return EMSGSIZE;
  const bool from_kernel = header.msg_namelen == sizeof sender && sender.nl_pid == 0;
  datagram = {buffer_.get(), from_kernel ? static_cast<std::size_t>(size) : 0};
  return 0;
}

Result<void> Socket::read_acks(unsigned count, bool any_message_counts, const OnMessage& on_message,
                               const OnAck& on_ack) {
  while (count > 0) {
    std::span<const std::byte> datagram;
    if (const int error = read_datagram(0, datagram); error != 0) return drain(), receive_error(error);
    Messages messages{datagram};
    while (const nlmsghdr* message = messages.next()) {
      const bool ack = message->nlmsg_type == NLMSG_ERROR;
      if (ack)
        on_ack(message->nlmsg_seq, error_of(*message));
      else if (message->nlmsg_type >= NLMSG_MIN_TYPE)
        on_message(*message);
      if ((ack || any_message_counts) && count > 0) --count;
    }
  }
  return {};
}

Result<void> Socket::receive(unsigned acks, const OnMessage& on_message, const OnAck& on_ack) {
  return read_acks(acks, false, on_message, on_ack);
}

Result<void> Socket::receive_answers(unsigned answers, const OnMessage& on_message, const OnAck& on_error) {
  return read_acks(answers, true, on_message, on_error);
}

Result<void> Socket::receive_now(const OnMessage& on_message) {
  for (;;) {
    std::span<const std::byte> datagram;
    const int error = read_datagram(MSG_DONTWAIT, datagram);
    if (error == EAGAIN) return {};
    if (error != 0) return receive_error(error);
    Messages messages{datagram};
    while (const nlmsghdr* message = messages.next()) {
      if (message->nlmsg_type >= NLMSG_MIN_TYPE) on_message(*message);
    }
  }
}

Result<Dumped> Socket::dump(std::span<const std::byte> request, const OnMessage& on_message) {
  if (Result<void> sent = send(request); !sent) return failed(sent);
  const auto sequence = reinterpret_cast<const nlmsghdr*>(request.data())->nlmsg_seq;
  Result<Dumped> dumped = read_dump(sequence, on_message);
  if (!dumped) drain();
  return dumped;
}

Result<Dumped> Socket::read_dump(std::uint32_t sequence, const OnMessage& on_message) {
  Dumped state = Dumped::whole;
  for (;;) {
    std::span<const std::byte> datagram;
    if (const int error = read_datagram(0, datagram); error != 0) return receive_error(error);
    Messages messages{datagram};
    while (const nlmsghdr* message = messages.next()) {
      if (message->nlmsg_seq != sequence) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) state = Dumped::interrupted;
      if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
        if (const int error = error_of(*message); error != 0) return os_error("dump", error);
        return state;
      }
      if (message->nlmsg_type >= NLMSG_MIN_TYPE) on_message(*message);
    }
  }
}

void Socket::drain() {
  // An abandoned dump goes on with every read, up to its end; lost answers and foreign datagrams are no end.
  for (;;) {
    std::span<const std::byte> datagram;
    const int error = read_datagram(MSG_DONTWAIT, datagram);
    if (error != 0 && error != ENOBUFS && error != EMSGSIZE) return;
  }
}

}  // namespace xlimit::netlink
