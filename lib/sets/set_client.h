// SPDX-License-Identifier: MIT
// Members in and out of kernel sets, at the speed of the kernel: many messages in one datagram, an
// acknowledgement for each.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "netlink/socket.h"
#include "sets/backend.h"

namespace xlimit::sets {

class SetClient {
 public:
  // Fails with kPermission without CAP_NET_ADMIN and with kUnavailable when the kernel has no ipset.
  static base::Result<SetClient> open();

  // See Backend::execute. `names` says which set an order is for.
  base::Result<void> execute(std::span<const Order> orders, std::span<Answer> answers, const Names& names);
  base::Result<bool> exists(const std::string& set);
  // False when there is no such set.
  base::Result<bool> list(const std::string& set, const std::function<void(const Entry&)>& on_entry);
  base::Result<bool> flush(const std::string& set);

 private:
  explicit SetClient(netlink::Socket socket);
  // One request that is answered by one message or error; gives the error number.
  base::Result<int> ask(const netlink::Batch& request);

  netlink::Socket socket_;
  std::uint32_t sequence_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace xlimit::sets
