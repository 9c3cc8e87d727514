// SPDX-License-Identifier: MIT
// Ends connections until none is left.
//
//   Killer killer{diag};
//   Result<Toll> toll = killer.kill(filter);              // what a filter matches
//   Result<std::vector<Toll>> tolls = killer.kill(targets);  // what has its peer there, one dump for all
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"
#include "sockets/diag.h"

namespace xlimit::sockets {

// How often sockets are looked for and destroyed before the rest is counted as left. One is the rule; a
// second is needed when the table changed under the dump.
inline constexpr unsigned kRounds = 3;

struct Toll {
  std::uint32_t sockets = 0;  // destroyed
  std::uint32_t left = 0;     // seen afterwards
};

class Killer {
 public:
  // `diag` must live as long.
  explicit Killer(Diag& diag) : diag_(diag) {}

  // Gives every socket that it destroyed to `on_destroyed`.
  base::Result<Toll> kill(const Filter& filter, const Diag::OnConnection& on_destroyed);

  // A toll for each target. A socket counts for the narrowest target around its peer, and for the first of
  // equal ones.
  base::Result<std::vector<Toll>> kill(std::span<const ip::Prefix> targets);
  // Destroys nothing: only `left` is counted.
  base::Result<std::vector<Toll>> count(std::span<const ip::Prefix> targets);

 private:
  using List = base::Result<void> (Diag::*)(const Filter&, const Diag::OnConnection&);
  using Wanted = std::function<bool(const Connection&)>;

  base::Result<std::size_t> round(const Filter& filter, const Wanted& wanted,
                                  const Diag::OnConnection& on_destroyed);
  base::Result<void> repeat(const Filter& filter, const Wanted& wanted,
                            const Diag::OnConnection& on_destroyed, const Diag::OnConnection& on_left);

  Diag& diag_;
};

}  // namespace xlimit::sockets
