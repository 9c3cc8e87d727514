// SPDX-License-Identifier: MIT
// Who is connected to the ports from which this host is administered.
#include "ipban/peers.h"

#include <algorithm>

namespace xlimit::ipban {

Peers::Peers(std::vector<std::uint16_t> ports) : asked_for_(!ports.empty()), ports_(std::move(ports)) {
  if (ports_.empty()) ports_ = {22};
  if (std::ranges::count(ports_, 0) != 0) ports_.clear();
}

base::Result<std::vector<ip::Address>> Peers::look() { return {}; }

}  // namespace xlimit::ipban
