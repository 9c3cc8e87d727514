// SPDX-License-Identifier: MIT
// The drop rules of one installation: a table of our own for each address family, a chain in it for each
// direction. Other tables are never touched, and what is right is left alone with its counters.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "netlink/socket.h"
#include "sets/chain_plan.h"

namespace xlimit::sets {

enum class TableState : std::uint8_t { absent, awake, dormant };

class Rules {
 public:
  // `table` is the name of the tables "ip TABLE" and "ip6 TABLE". Fails with kUnavailable without nftables.
  static base::Result<Rules> open(std::string table);

  // Every change of any rule on this host makes a new generation.
  base::Result<std::uint32_t> generation();
  base::Result<ChainState> look(SetKey key);
  // All or nothing, in one transaction; false when the ruleset is no longer of that generation.
  base::Result<bool> change(const std::vector<ChainOrder>& orders, std::uint32_t generation);
  // Takes the rules that use this set out of a chain; false when there were none.
  base::Result<bool> remove(SetKey key, const SetRef& set);
  base::Result<TableState> look(Family family);
  // Takes both tables away, with all that is in them; says so, one clause each.
  base::Result<std::vector<std::string>> remove_tables(bool dry_run);

  // Wakes dormant tables and makes what `plan` orders, anew each time somebody else changed the ruleset
  // meanwhile, and adds to `done` what was done or with `dry_run` would be. Fails with kTemporary when others
  // never stop.
  using Plan = std::function<base::Result<std::vector<ChainOrder>>()>;
  base::Result<void> keep(const Plan& plan, bool dry_run, std::vector<std::string>& done);

  // See Backend.
  base::Result<int> watch();
  bool was_harmed();

 private:
  Rules(netlink::Socket socket, std::string table) : socket_(std::move(socket)), table_(std::move(table)) {}
  base::Result<int> ask(const netlink::Batch& request, const netlink::Socket::OnMessage& on_answer);
  base::Result<void> wake(Family family, bool dry_run, std::vector<std::string>& done);
  // False when there was no table of that family.
  base::Result<bool> remove(Family family);

  netlink::Socket socket_;
  std::optional<netlink::Socket> news_;
  std::string table_;
  std::uint32_t sequence_ = 0;
};

}  // namespace xlimit::sets
