// SPDX-License-Identifier: MIT
// A short list, oldest first; those that still have to be looked up are its end.
#include "sockkill/prepared.h"

#include <algorithm>
#include <utility>

namespace xlimit::sockkill {

void Prepared::add(const event::Suspect& suspect) {
  const std::optional<ip::Address> address = logged_address(suspect);
  if (!address) return;
  forget(suspect.target);
  if (entries_.size() >= kMost) forget(entries_.front().target);
  entries_.push_back({.target = suspect.target, .address = *address, .ports = suspect.ports});
}

// A look-up that fails is done again at the ban, and fails there.
void Prepared::look_up() {
  const std::size_t end = std::min(entries_.size(), looked_up_ + kAtOnce);
  for (; looked_up_ < end; ++looked_up_) {
    Entry& entry = entries_[looked_up_];
    base::Result<std::vector<sockets::Connection>> found = finder_.find_near(entry.address, entry.ports);
    if (found) entry.found = std::move(*found);
  }
}

std::vector<sockets::Connection> Prepared::take(const ip::Prefix& target) {
  const auto at = std::ranges::find(entries_, target, &Entry::target);
  if (at == entries_.end()) return {};
  std::vector<sockets::Connection> found = std::move(at->found);
  forget(target);
  return found;
}

void Prepared::forget(const ip::Prefix& target) {
  const auto at = std::ranges::find(entries_, target, &Entry::target);
  if (at == entries_.end()) return;
  if (static_cast<std::size_t>(at - entries_.begin()) < looked_up_) --looked_up_;
  entries_.erase(at);
}

}  // namespace xlimit::sockkill
