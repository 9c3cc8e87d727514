// SPDX-License-Identifier: MIT
// A ring of those that have come, and a glance at those that will.
#include "session-detect/nearby.h"

#include <algorithm>
#include <variant>

namespace session_detect {
namespace {

bool names_connection(const event::Access& access) {
  return access.status == event::Status::accepted && access.ip && access.port.value_or(0) != 0;
}

}  // namespace

void Nearby::note(const event::Access& access, std::string_view behind) {
  behind_.clear();
  unseen_ = behind;
  if (!names_connection(access)) return;
  newest_ = (newest_ + 1) % kMostBefore;
  before_[newest_] = {access.at, *access.ip, *access.port};
}

std::vector<std::uint16_t> Nearby::ports(const ip::Address& address) {
  std::vector<std::uint16_t> ports;
  const auto add = [&](std::uint16_t port) {
    if (ports.size() < sockets::kMaxPorts && std::ranges::count(ports, port) == 0) ports.push_back(port);
  };
  const base::Time oldest = before_[newest_].at - kRecent;
  for (std::size_t i = 0; i < kMostBefore; ++i) {
    const Entry& entry = before_[(newest_ + kMostBefore - i) % kMostBefore];
    if (entry.address == address && entry.at >= oldest) add(entry.port);
  }
  look_behind();
  for (const Entry& entry : behind_) {
    if (entry.address == address) add(entry.port);
  }
  return ports;
}

// Once a line, however many are asked for.
void Nearby::look_behind() {
  for (std::size_t i = 0; i < kMostBehind && !unseen_.empty(); ++i) {
    const std::size_t end = unseen_.find('\n');
    if (end == std::string_view::npos || end >= event::kMaxLine) break;
    const event::Event event = decoder_.decode(unseen_.substr(0, end));
    unseen_.remove_prefix(end + 1);
    const auto* access = std::get_if<event::Access>(&event);
    if (access != nullptr && names_connection(*access))
      behind_.push_back({access->at, *access->ip, *access->port});
  }
  unseen_ = {};
}

}  // namespace session_detect
