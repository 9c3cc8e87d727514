// SPDX-License-Identifier: MIT
// What must stay out of any list.
#include "ipban/spared.h"

#include <fmt/core.h>

#include "guard/guard.h"
#include "host/watcher.h"
#include "ipban/allowlist.h"
#include "ipban/peers.h"

namespace xlimit::ipban {

void warn_of_wide(const cli::Command& command, std::uint64_t count) {
  constexpr ip::Widest kWidest;
  if (count > 0)
    command.warn(
        fmt::format("{} prefixes are wider than /{} or /{}, skipped", count, kWidest.v4, kWidest.v6));
}

base::Result<ip::Ranges> read_spared(const Settings& settings, const cli::Command& command) {
  base::Result<std::vector<ip::Prefix>> allowed = read_allowlists(settings.allow);
  if (!allowed) return base::failed(allowed);
  base::Result<host::Watcher> host = host::Watcher::open();
  if (!host) return base::failed(host);
  base::Result<host::Facts> facts = host->read();
  if (!facts) return base::failed(facts);
  Peers peers{settings.protect_ports};
  base::Result<std::vector<ip::Address>> connected = peers.look();
  if (!connected && peers.asked_for()) return base::failed(connected);
  if (!connected) command.warn(connected.error().text + "; peers of protected ports are not looked for");
  ip::Ranges spared;
  const auto add = [&](const auto& some) {
    for (const auto& one : some) spared.add(ip::Prefix{one});
  };
  add(guard::specials());
  add(*allowed);
  add(facts->own);
  add(facts->gateways);
  if (connected) add(*connected);
  spared.unite();
  return spared;
}

ip::Ranges without(std::span<const ip::Prefix> prefixes, const ip::Ranges& spared) {
  ip::Ranges ranges;
  for (const ip::Prefix& prefix : prefixes) ranges.add(prefix);
  ranges.unite();
  ranges.subtract(spared);
  return ranges;
}

}  // namespace xlimit::ipban
