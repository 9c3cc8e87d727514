// SPDX-License-Identifier: MIT
// Which targets apply leaves alone: an event may come from a program with a fault, or from a stranger.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/guard.h"
#include "host/watcher.h"

namespace xlimit::sockkill {

class Bounds {
 public:
  // Fails when the kernel does not tell this host's addresses. Needs no privilege.
  static base::Result<Bounds> open();

  // This host's addresses, as they are now.
  const std::vector<ip::Prefix>& own();
  // Why nothing of `target` may be destroyed (it is wide, special or our own); absent when it may.
  std::optional<std::string> refusal(const ip::Prefix& target);

 private:
  explicit Bounds(host::Watcher watcher) : watcher_(std::move(watcher)) {}
  base::Result<void> renew();

  host::Watcher watcher_;
  guard::Guard guard_{guard::Policy{}};
  std::vector<ip::Prefix> own_;
  bool stale_ = true;
};

}  // namespace xlimit::sockkill
