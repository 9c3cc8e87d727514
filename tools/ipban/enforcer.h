// SPDX-License-Identifier: MIT
// Joins the judgement that a target may be banned with the banning, for `add` and for `apply`.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "guard/guard.h"
#include "host/watcher.h"
#include "ipban/memory.h"
#include "ipban/peers.h"
#include "ipban/settings.h"
#include "sets/bans.h"

namespace xlimit::ipban {

// The kernel's side, as the options want it; without --port as it was wanted
// before, but for PortsFrom::options.
enum class PortsFrom : std::uint8_t { memory, options };
base::Result<std::unique_ptr<sets::Backend>> open_backend(const Settings& settings, Memory& memory,
                                                          PortsFrom ports = PortsFrom::memory);

class Enforcer {
 public:
  // Reads the allowlist and this host's addresses; with --dry-run the sets are not opened.
  static base::Result<std::unique_ptr<Enforcer>> open(const Settings& settings, const cli::Command& command);

  // Bans what may be banned. A target that may not, or that the kernel did not take, has `why` in its
  // verdict. With --dry-run nobody is banned, and only refusals have a `why`. Cuts timeouts to what the
  // kernel can hold.
  base::Result<void> ban(std::span<sets::Order> orders, std::span<sets::Verdict> verdicts);
  base::Result<void> unban(std::span<const sets::Order> orders, std::span<sets::Verdict> verdicts);

  // Null with --dry-run.
  sets::Backend* backend() { return backend_.get(); }
  // To be told what became of bans.
  Memory& memory() { return memory_; }
  const std::string& set_of(const sets::Order& order) const { return names_.of(order.key()); }

  // To be kept up to date in a loop: when host().fd() is readable, call host_changed().
  host::Watcher& host() { return host_; }
  base::Result<void> host_changed();
  // To be called now and then in a loop, so that a ban need not ask who listens. Failures show at the ban.
  void look_for_listeners() { (void)peers_.anything_listens(); }

 private:
  Enforcer(const Settings& settings, const cli::Command& command, guard::Guard guard, host::Watcher host);
  // Fills in refusals and returns the places of the others.
  std::vector<std::size_t> judge(std::span<const sets::Order> orders, std::span<sets::Verdict> verdicts);
  std::optional<std::string> look_at_peers();
  void cut_timeout(sets::Order& order);

  bool dry_run_;
  Memory memory_;
  sets::Names names_;
  guard::Guard guard_;
  host::Watcher host_;
  Peers peers_;
  std::unique_ptr<sets::Backend> backend_;
  std::optional<sets::Bans> bans_;
  cli::Complaint peers_unknown_, timeout_cut_;
};

}  // namespace xlimit::ipban
