// SPDX-License-Identifier: MIT
// Who may have to be banned soon, told to the stages that would carry it out: when the ban comes they are
// awake, and sockkill has found the connections. It is a service, not an account: what would cost time is
// left out.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/command.h"
#include "session/verdict.h"
#include "stream/output.h"

namespace session_detect {

using namespace xlimit;

class Suspects {
 public:
  // Told of at once, and in all inside kQuiet; beyond that nobody is.
  static constexpr std::size_t kMost = 16, kMostTold = 64;
  // Nobody is told of again for so long.
  static constexpr std::chrono::seconds kQuiet{1};

  explicit Suspects(const cli::Command& command) : command_(command) {}

  // Would it be told of: is it new, and is there room?
  bool wants(const ip::Prefix& prefix);
  // One that it wants. Of one that it has, the newest line knows most connections.
  void add(std::string_view user, const session::Target& target);
  void clear() { waiting_.clear(); }
  // Tells of those that were added, unless that would wait for a slow reader. Fails as Output does.
  base::Result<void> tell(stream::Output& out);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    std::string user;
    session::Target target;
  };
  struct Told {
    ip::Prefix prefix;
    Clock::time_point at;
  };

  const cli::Command& command_;
  std::vector<Waiting> waiting_;
  std::vector<Told> told_;  // oldest first
};

}  // namespace session_detect
