// SPDX-License-Identifier: MIT
// Exact look-ups, and walks within a budget.
#include "sockets/witness.h"

namespace xlimit::sockets {

base::Result<Witness> Witness::open(Finder::OwnAddresses own_addresses, Warn warn) {
  base::Result<Diag> diag = Diag::open();
  if (!diag) return base::failed(diag);
  return Witness{std::move(*diag), std::move(own_addresses), std::move(warn)};
}

Witness::Witness(Diag diag, Finder::OwnAddresses own_addresses, Warn warn)
    : diag_(std::make_unique<Diag>(std::move(diag))),
      finder_(*diag_, std::move(own_addresses), kProven),
      warn_(std::move(warn)) {}

bool Witness::sees(const ip::Address& address, std::uint16_t port) {
  const base::Result<std::optional<Connection>> found = finder_.find(address, port);
  if (!found) warn_(found.error().text + "; taken as no connection");
  return found && found->has_value();
}

bool Witness::sees_any(const ip::Prefix& prefix) {
  if (!may_walk()) return false;
  const base::Result<bool> held = diag_->holds(prefix);
  if (!held) warn_(held.error().text + "; taken as no connection");
  return held && *held;
}

bool Witness::may_walk() {
  const Clock::time_point now = Clock::now();
  if (now - second_ >= std::chrono::seconds{1}) {
    second_ = now;
    walks_ = 0;
  }
  if (++walks_ == kMostWalks + 1)
    warn_("too many addresses to look up in one second; the rest is not acted on");
  return walks_ <= kMostWalks;
}

}  // namespace xlimit::sockets
