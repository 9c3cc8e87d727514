// SPDX-License-Identifier: MIT
// Look, destroy, look again.
#include "sockets/killer.h"

#include "sockets/targets.h"

namespace xlimit::sockets {

using base::failed;
using base::Result;

Result<Toll> Killer::kill(const Filter& filter, const Diag::OnConnection& on_destroyed) {
  Toll toll;
  Result<void> done = repeat(
      filter, [](const Connection&) { return true; },
      [&](const Connection& connection) {
        ++toll.sockets;
        on_destroyed(connection);
      },
      [&](const Connection&) { ++toll.left; });
  if (!done) return failed(done);
  return toll;
}

Result<std::vector<Toll>> Killer::kill(std::span<const ip::Prefix> targets) {
  std::vector<Toll> tolls(targets.size());
  const Targets all{targets};
  Result<void> done = repeat(
      all.filter(), [&](const Connection& connection) { return all.find(connection.remote).has_value(); },
      [&](const Connection& connection) { ++tolls[*all.find(connection.remote)].sockets; },
      [&](const Connection& connection) { ++tolls[*all.find(connection.remote)].left; });
  if (!done) return failed(done);
  return tolls;
}

Result<std::vector<Toll>> Killer::count(std::span<const ip::Prefix> targets) {
  std::vector<Toll> tolls(targets.size());
  const Targets all{targets};
  Result<void> listed = diag_.list(all.filter(), [&](const Connection& connection) {
    if (const std::optional<std::size_t> place = all.find(connection.remote)) ++tolls[*place].left;
  });
  if (!listed) return failed(listed);
  return tolls;
}

Result<void> Killer::repeat(const Filter& filter, const Wanted& wanted,
                            const Diag::OnConnection& on_destroyed, const Diag::OnConnection& on_left) {
  for (unsigned i = 0; i < kRounds; ++i) {
    Result<std::size_t> seen = round(filter, wanted, on_destroyed);
    if (!seen) return failed(seen);
    if (*seen == 0) return {};
  }
  return diag_.list(filter, [&](const Connection& connection) {
    if (wanted(connection)) on_left(connection);
  });
}

// TCP is destroyed before UDP is looked for: that is what somebody waits for. Returns how many were seen.
Result<std::size_t> Killer::round(const Filter& filter, const Wanted& wanted,
                                  const Diag::OnConnection& on_destroyed) {
  std::size_t seen = 0;
  for (const List list : {&Diag::list_tcp, &Diag::list_udp}) {
    std::vector<Connection> found;
    Result<void> listed = (diag_.*list)(filter, [&](const Connection& connection) {
      if (wanted(connection)) found.push_back(connection);
    });
    if (!listed) return failed(listed);
    Result<unsigned> destroyed = diag_.destroy(found, on_destroyed);
    if (!destroyed) return failed(destroyed);
    seen += found.size();
  }
  return seen;
}

}  // namespace xlimit::sockets
