// SPDX-License-Identifier: MIT
// The detector's evidence: this host's own sockets.
#pragma once

#include <memory>
#include <optional>

#include "cli/complaint.h"
#include "host/watcher.h"
#include "session/policy.h"
#include "sockets/scout.h"
#include "sockets/witness.h"

namespace session_detect {

using namespace xlimit;

class Sockets {
 public:
  explicit Sockets(const cli::Command& command) : failed_(command, "look a connection up, taken as none") {}

  // The evidence asks this object, which must live as long.
  base::Result<session::Evidence> open();

 private:
  cli::Complaint failed_;
  std::optional<host::Watcher> host_;
  std::optional<sockets::Witness> witness_;
  std::unique_ptr<sockets::Scout> scout_;
};

}  // namespace session_detect
