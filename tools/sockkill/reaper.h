// SPDX-License-Identifier: MIT
// What apply does with banned events: the connections that the log named end at once, the rest of all targets
// as soon as a walk finds them.
#pragma once

#include <span>
#include <vector>

#include "cli/complaint.h"
#include "event/decode.h"
#include "sockets/finder.h"
#include "sockets/sweeper.h"
#include "sockkill/prepared.h"
#include "sockkill/sockkill.h"
#include "stream/filter.h"

namespace xlimit::sockkill {

class Reaper {
 public:
  // All of these must live as long. Without a sweeper nothing is destroyed, only counted.
  Reaper(const cli::Command& command, sockets::Diag& diag, sockets::Finder& finder, sockets::Sweeper* sweeper)
      : command_(command),
        diag_(diag),
        finder_(finder),
        prepared_(finder),
        sweeper_(sweeper),
        refused_(command, "target refused") {}

  // False for what is neither a suspect nor a banned event, or names a target that is too wide.
  base::Result<bool> take(const event::Event& event, const stream::Piece& line, stream::Output& out);
  // Has what the targets gathered so far still have ended, beside us.
  base::Result<void> sweep(stream::Output& out);
  // Looks up who may be banned next.
  void look_ahead() { prepared_.look_up(); }
  // Writes `killed` for those that are swept. When the sweeper's descriptor is readable.
  base::Result<void> report(stream::Output& out);
  // Whether `killed` was written for all that were taken.
  bool is_idle() const { return sweeping_ == 0 && sweeps_.empty(); }
  // Waits for those that are not swept yet.
  base::Result<void> finish(stream::Output& out);

 private:
  base::Result<void> destroy_logged(const event::Ban& ban);
  base::Result<void> destroy(std::span<const sockets::Connection> connections,
                             const sockets::Diag::OnConnection& on_destroyed = {});
  base::Result<void> write(const base::Result<std::vector<sockets::Sweep>>& swept, stream::Output& out);
  base::Result<void> count();

  const cli::Command& command_;
  sockets::Diag& diag_;
  sockets::Finder& finder_;
  Prepared prepared_;
  sockets::Sweeper* sweeper_;
  cli::Complaint refused_;
  std::vector<sockets::Sweep> sweeps_;
  std::size_t sweeping_ = 0;  // targets that the sweeper has
};

}  // namespace xlimit::sockkill
