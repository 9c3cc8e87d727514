// SPDX-License-Identifier: MIT
// Puts back what the kernel has lost: bans for the time that is left, and lists.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "ip/ranges.h"
#include "ipban/enforcer.h"

namespace xlimit::ipban {

struct Recovered {
  std::uint64_t restored = 0;  // bans that were not there, or not for as long
  std::uint64_t present = 0;   // bans that were there for at least as long
  std::uint64_t refused = 0;   // bans of what may not be banned now, or that the kernel did not take
  std::uint64_t lists = 0;     // lists that were not there, or different
};

// Called with each ban that is restored (or with a dry run would be), and with each that is refused and why.
struct OnBan {
  std::function<void(const event::Banned&, base::Time)> restored;
  std::function<void(const ip::Prefix&, const std::string& why)> refused;
};

// Is direction out in use: are its sets there, or bans or lists of it remembered?
base::Result<bool> uses_out(sets::Backend& backend, Memory& memory);

// What is alive in the ledger and not in the kernel for as long. `backend` is asked what is there; the
// enforcer decides and bans, unless it runs dry.
base::Result<void> restore_bans(Enforcer& enforcer, sets::Backend& backend, ledger::Ledger& ledger,
                                const OnBan& on_ban, Recovered& recovered);

// The lists that were kept and that the kernel does not have, or not in both families. What must not be
// listed now is left out. One that can't be read or loaded is said and counted as refused. Fails with
// kTemporary when another process loads lists for as long as `patience`.
base::Result<void> restore_lists(const Settings& settings, const cli::Command& command, Memory& memory,
                                 sets::Backend& backend, std::chrono::milliseconds patience,
                                 Recovered& recovered);

}  // namespace xlimit::ipban
