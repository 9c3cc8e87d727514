// SPDX-License-Identifier: MIT
// A bit for each host seen.
#include "session/burst.h"

#include <fmt/format.h>

#include "base/number.h"
#include "ip/address.h"

namespace xlimit::session {

using base::Exit;
using base::Result;

Result<void> read_value(std::string_view text, TorrentRate& value) {
  value = {};
  if (text.empty()) return {};
  const std::size_t slash = text.find('/');
  const Result<std::uint32_t> hosts = base::parse_number<std::uint32_t>(text.substr(0, slash));
  if (slash == std::string_view::npos || !hosts || *hosts == 0 || *hosts > kMostHosts)
    return base::fail(Exit::kUsage, fmt::format("'{}' is not N/D with 1 to {} hosts, for example 50/10s",
                                                text, kMostHosts));
  Result<std::chrono::seconds> within = base::parse_duration(text.substr(slash + 1));
  if (!within) return base::failed(within);
  if (within->count() == 0) return base::fail(Exit::kUsage, fmt::format("'{}': D is at least 1s", text));
  value = {*hosts, *within};
  return {};
}

std::string show_value(const TorrentRate& value) {
  return value.hosts == 0 ? "" : fmt::format("{}/{}", value.hosts, base::format_duration(value.within));
}

bool is_peer(std::string_view host, std::uint16_t port) {
  return port > 1023 && ip::parse_address(host).has_value();
}

bool Bursts::add(std::uint64_t place, std::string_view host, base::Time now) {
  gone_.reset();
  Burst& burst = bursts_.use(place);
  bursts_.trim([&](const Table::Entry& dropped) {
    gone_ = dropped.key;
    dropped_ += is_over(dropped.value, now) ? 0 : 1;
  });
  if (is_over(burst, now)) burst = {.since = now, .hosts = 0, .seen = {}};
  const std::size_t bit = bit_of(host);
  if (burst.seen.test(bit)) return false;
  burst.seen.set(bit);
  if (++burst.hosts <= rate_.hosts) return false;
  bursts_.erase(place);
  return true;
}

}  // namespace xlimit::session
