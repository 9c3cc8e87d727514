// SPDX-License-Identifier: MIT
// Keeps rules, sets, bans and lists in the kernel while `apply` runs, whoever takes them away or lets packets
// by in front of them.
#pragma once

#include <chrono>

#include "cli/complaint.h"
#include "ipban/enforcer.h"

namespace xlimit::ipban {

class Keeper {
 public:
  // All must live as long. The enforcer has a backend.
  Keeper(Enforcer& enforcer, const Settings& settings, const cli::Command& command);

  // Puts rules in place as the options want them, and begins to listen; gives what then is to be watched.
  base::Result<int> start();
  // To be called when the descriptor is readable, and once a second. Harm is undone at once, but not again
  // within kPause of the last time: another program that insists must not get a race out of it.
  void look();
  static constexpr std::chrono::seconds kPause{2};

 private:
  bool put_rules_back();
  void put_content_back();

  Enforcer& enforcer_;
  sets::Backend& backend_;
  const Settings& settings_;
  const cli::Command& command_;
  bool harmed_ = true;  // what went before us is looked for too
  bool bans_went_ = false;
  bool flushed_ = false;   // rules were, at the last look
  bool used_out_ = false;  // as seen by the last look
  std::chrono::steady_clock::time_point undone_{};
  cli::Complaint put_back_, not_put_back_;
};

}  // namespace xlimit::ipban
