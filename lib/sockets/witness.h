// SPDX-License-Identifier: MIT
// Answers, for those who judge by log lines, whether the addresses in them really hold connections here. Log
// text can be forged, and so can a SYN; a socket whose peer has answered can not. Needs no privilege.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "sockets/finder.h"

namespace xlimit::sockets {

class Witness {
 public:
  using Warn = std::function<void(const std::string&)>;

  // Walks of the kernel's table that forged lines can cause: beyond so many in a second the answer is no.
  static constexpr unsigned kMostWalks = 100;

  // Fails with kUnavailable when the kernel has no sock_diag. `warn` hears of look-ups that failed; they
  // count as "not seen", because acting needs proof.
  static base::Result<Witness> open(Finder::OwnAddresses own_addresses, Warn warn);

  // Is there a proven TCP connection from this address and port? No walk: some 10 us.
  bool sees(const ip::Address& address, std::uint16_t port);
  // Is there any proven connection from this prefix? Walks the table: 0.3 ms and more.
  bool sees_any(const ip::Prefix& prefix);

 private:
  using Clock = std::chrono::steady_clock;

  Witness(Diag diag, Finder::OwnAddresses own_addresses, Warn warn);
  bool may_walk();

  std::unique_ptr<Diag> diag_;  // the finder refers to it
  Finder finder_;
  Warn warn_;
  Clock::time_point second_;
  unsigned walks_ = 0;
};

}  // namespace xlimit::sockets
