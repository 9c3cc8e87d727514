// SPDX-License-Identifier: MIT
// What apply does with banned events: the connections that the log named end at once, the rest of all targets
// when the input is drained.
#pragma once

#include <vector>

#include "cli/complaint.h"
#include "event/decode.h"
#include "sockets/finder.h"
#include "sockets/killer.h"
#include "sockkill/sockkill.h"
#include "stream/filter.h"

namespace xlimit::sockkill {

class Reaper {
 public:
  // All of these must live as long.
  Reaper(const Settings& settings, const cli::Command& command, sockets::Diag& diag, sockets::Finder& finder)
      : settings_(settings),
        command_(command),
        diag_(diag),
        finder_(finder),
        killer_(diag),
        refused_(command, "target refused") {}

  // False for what is no banned event, or names a target that is too wide.
  base::Result<bool> take(const event::Event& event, const stream::Piece& line, stream::Output& out);
  // Ends what the targets gathered so far still have, and writes `killed`.
  base::Result<void> sweep(stream::Output& out);

 private:
  base::Result<void> destroy_logged(const event::Ban& ban);
  base::Result<void> destroy(stream::Output& out);
  base::Result<void> count();
  void forget();

  const Settings& settings_;
  const cli::Command& command_;
  sockets::Diag& diag_;
  sockets::Finder& finder_;
  sockets::Killer killer_;
  cli::Complaint refused_;
  std::vector<ip::Prefix> targets_;
  std::vector<std::uint32_t> tolls_;  // destroyed already, by target
};

}  // namespace xlimit::sockkill
