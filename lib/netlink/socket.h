// SPDX-License-Identifier: MIT
// A netlink socket: sends requests, reads the kernel's answers, and never waits for ever.
//
//   Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_SOCK_DIAG);
//   const Result<Dumped> dumped = socket->dump(request.bytes(), [&](const nlmsghdr& message) { ... });
//
// Messages that the kernel did not send are ignored. After a failure whatever the kernel still had to say is
// thrown away, so the socket can be used again and no late answer is taken for the next request's.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"

struct mnl_socket;

namespace xlimit::netlink {

// How a dump ended: `interrupted` means that the table changed under it (NLM_F_DUMP_INTR), so entries may be
// missing or doubled. What was read is still good.
enum class Dumped : std::uint8_t { whole, interrupted };

class Socket {
 public:
  using OnMessage = std::function<void(const nlmsghdr&)>;
  // The request's sequence number and the error number, positive, 0 for success.
  using OnAck = std::function<void(std::uint32_t, int)>;

  // `bus` is NETLINK_NETFILTER, NETLINK_SOCK_DIAG, ...; `groups` a mask of multicast groups. Fails with
  // kUnavailable when the kernel lacks the bus.
  static base::Result<Socket> open(int bus, unsigned groups = 0);

  // For poll(2). To read notifications: receive_now().
  int fd() const;

  // Sends one datagram of one or several whole messages. write() gives the error number, 0 when it is sent.
  base::Result<void> send(std::span<const std::byte> datagram);
  int write(std::span<const std::byte> datagram);

  // Reads until `acks` acknowledgements (good or bad) have come. Other messages go to `on_message`. Fails
  // with kTemporary when answers got lost or none comes for 10 seconds.
  base::Result<void> receive(unsigned acks, const OnMessage& on_message, const OnAck& on_ack);

  // Reads until `answers` have come for requests that were sent without NLM_F_ACK: each is answered by
  // exactly one message or one error. Fails as receive() does.
  base::Result<void> receive_answers(unsigned answers, const OnMessage& on_message, const OnAck& on_error);

  // Reads what is there and returns at once. Fails with kTemporary when notifications got lost.
  base::Result<void> receive_now(const OnMessage& on_message);

  // Sends `request` (with NLM_F_DUMP) and gives every message of its answer. Fails with the kernel's error.
  base::Result<Dumped> dump(std::span<const std::byte> request, const OnMessage& on_message);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const;
  };
  // Bytes of one datagram. The kernel fills dumps up to the size of the reader's buffer, at most 32 KiB.
  static constexpr std::size_t kBuffer = std::size_t{64} * 1024;

  explicit Socket(mnl_socket* socket);
  // Reads one datagram into the buffer, with flags as for recvmsg(2); empty when it was not the kernel's.
  // Returns an error number or 0.
  int read_datagram(int flags, std::span<const std::byte>& datagram);
  base::Result<void> read_acks(unsigned count, bool any_message_counts, const OnMessage& on_message,
                               const OnAck& on_ack);
  base::Result<Dumped> read_dump(std::uint32_t sequence, const OnMessage& on_message);
  void drain();

  std::unique_ptr<mnl_socket, Close> socket_;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace xlimit::netlink
