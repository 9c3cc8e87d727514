// SPDX-License-Identifier: MIT
// What ipban remembers beyond the kernel, and beyond a reboot. Nothing here keeps a ban from happening: what
// can't be remembered is said, and that is all.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "event/encode.h"
#include "ipban/settings.h"
#include "journal/writer.h"
#include "ledger/ledger.h"
#include "sets/backend.h"
#include "store/atomic_file.h"

namespace xlimit::ipban {

// The folder that --state means when it is not given: systemd's, if we run under it.
std::string default_state();

class Memory {
 public:
  Memory(const Settings& settings, const cli::Command& command);

  // Gathers what has happened, `at` being when the kernel confirmed it; written by write().
  void add(event::Banned banned, base::Time at);
  void add(event::Unbanned unbanned, base::Time at);
  std::size_t gathered() const { return journal_ ? journal_->gathered() : 0; }
  // What can't be written within `patience` because another process holds the journal is kept for the next
  // time.
  void write(std::chrono::milliseconds patience = journal::Writer::kPatience);
  // Fails when they would come back.
  base::Result<void> forget_bans();

  // What the journal says, or only what it says in lines that hold a text, see journal::replay().
  base::Result<ledger::Ledger> read(base::Time now, std::string_view text = {});
  // The same; empty, and said, when it can't be read.
  ledger::Ledger recall(base::Time now, std::string_view text = {});
  // Are bans of direction out alive, or lists of it kept?
  bool uses_out(base::Time now);

  // While it is held no other process loads lists here; absent when nothing is remembered, or with a dry run.
  // Fails with kTemporary when another one is at it for as long as `patience`.
  base::Result<std::optional<store::Lock>> lock_lists(std::chrono::milliseconds patience);
  void keep_list(const sets::ListKey& list, std::span<const ip::Prefix> prefixes);
  base::Result<void> forget_list(const sets::ListKey& list);

  // The ports that rules were limited to.
  sets::Ports ports();
  // Remembers those that the kernel's rules are limited to now; of a direction without rules, `wanted`.
  void keep_ports(sets::Backend& backend, const std::vector<std::uint16_t>& wanted);

  // Absent when nothing is remembered.
  const std::optional<journal::Place>& place() const { return place_; }

 private:
  void check(const base::Result<void>& done);

  bool dry_run_;
  std::optional<journal::Place> place_;
  std::optional<journal::Writer> journal_;
  event::Line line_;
  cli::Complaint failed_;
};

}  // namespace xlimit::ipban
