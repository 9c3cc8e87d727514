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

// What an error number of the kernel's ipset subsystem means.
std::string error_text(int error);

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
  // False, too, when there is no such set. Of a single address: whether anything in it covers the address.
  base::Result<bool> holds(const std::string& set, const ip::Prefix& prefix);
  // Adds all as permanent members; fails with what the kernel did not take.
  base::Result<void> fill(const std::string& set, std::span<const ip::Prefix> prefixes);
  // Exchanges the contents of two sets that exist and are of one kind.
  base::Result<void> swap(const std::string& set, const std::string& other);
  // What all sets of this network namespace are called.
  base::Result<std::vector<std::string>> names();

 private:
  explicit SetClient(netlink::Socket socket);
  // One request that is answered by one message or error; gives the error number.
  base::Result<int> ask(const netlink::Batch& request);

  netlink::Socket socket_;
  std::uint32_t sequence_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
};

}  // namespace xlimit::sets
