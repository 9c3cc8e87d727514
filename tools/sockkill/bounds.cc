// SPDX-License-Identifier: MIT
// Which targets apply leaves alone.
#include "sockkill/bounds.h"

namespace xlimit::sockkill {

using base::failed;
using base::Result;

Result<Bounds> Bounds::open() {
  Result<host::Watcher> watcher = host::Watcher::open();
  if (!watcher) return failed(watcher);
  Bounds bounds{std::move(*watcher)};
  if (Result<void> read = bounds.renew(); !read) return failed(read);
  return bounds;
}

// When the kernel does not answer, what was known stays, and the next call asks again.
Result<void> Bounds::renew() {
  stale_ = watcher_.changed() || stale_;
  if (!stale_) return {};
  Result<host::Facts> facts = watcher_.read();
  if (!facts) return failed(facts);
  own_ = std::move(facts->own);
  guard_.protect_host(own_, {});
  stale_ = false;
  return {};
}

const std::vector<ip::Prefix>& Bounds::own() {
  static_cast<void>(renew());
  return own_;
}

std::optional<std::string> Bounds::refusal(const ip::Prefix& target) {
  static_cast<void>(renew());
  return guard_.refusal(target);
}

}  // namespace xlimit::sockkill
