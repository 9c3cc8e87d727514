// SPDX-License-Identifier: MIT
// The messages of a datagram, one after the other. Pure.
//
//   netlink::Messages messages{datagram};
//   while (const nlmsghdr* message = messages.next()) ...
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <cstddef>
#include <span>

namespace xlimit::netlink {

class Messages {
 public:
  // `datagram` must be aligned as nlmsghdr is (4).
  explicit Messages(std::span<const std::byte> datagram) : left_(datagram) {}

  // Null at the end, and at a message that is cut short. (libmnl's own check takes a length beyond 2 GiB for
  // a negative one, and goes on.)
  const nlmsghdr* next() {
    if (left_.size() < sizeof(nlmsghdr)) return nullptr;
    const auto* message = reinterpret_cast<const nlmsghdr*>(left_.data());
    const std::size_t length = message->nlmsg_len;
    if (length < sizeof(nlmsghdr) || length > left_.size()) return nullptr;
    left_ = left_.subspan(std::min((length + 3) & ~std::size_t{3}, left_.size()));
    return message;
  }

 private:
  std::span<const std::byte> left_;
};

}  // namespace xlimit::netlink
