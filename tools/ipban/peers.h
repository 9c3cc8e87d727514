// SPDX-License-Identifier: MIT
// Who is connected to the ports from which this host is administered.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "ip/address.h"
#include "sockets/diag.h"

namespace xlimit::ipban {

class Peers {
 public:
  // None: port 22. A 0 among them: nothing is looked at.
  explicit Peers(std::vector<std::uint16_t> ports);

  // Whether the operator named the ports himself.
  bool asked_for() const { return asked_for_; }
  // The remote addresses of connections to these ports that were answered, as they are now.
  base::Result<std::vector<ip::Address>> look();
  // Looks whether anything listens at these ports. When nothing does, look() need not ask for kTrusted.
  base::Result<bool> anything_listens();
  static constexpr std::chrono::seconds kTrusted{2};

 private:
  bool asked_for_;
  std::vector<std::uint16_t> ports_;
  sockets::Filter filter_ = sockets::Filter::nothing();
  std::optional<sockets::Diag> diag_;
  std::optional<std::chrono::steady_clock::time_point> nothing_listened_;
};

}  // namespace xlimit::ipban
