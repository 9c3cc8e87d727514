// SPDX-License-Identifier: MIT
// What the detector asks the kernel before it acts, for --verify sockets.
#pragma once

#include <memory>

#include "cli/complaint.h"
#include "host/watcher.h"
#include "session-detect/nearby.h"
#include "session-detect/suspects.h"
#include "session/policy.h"
#include "sockets/scout.h"
#include "sockets/witness.h"

namespace session_detect {

using namespace xlimit;

class Proof {
 public:
  static base::Result<std::unique_ptr<Proof>> open(const cli::Command& command);

  // Answers as long as this lives.
  session::Evidence evidence();
  // The line that is to be judged next, and what was read with it: as Nearby::note.
  void note(const event::Access& access, std::string_view behind) { nearby_.note(access, behind); }
  // Has it looked up who is connected, and tells of those who may be banned soon. To be called when lines
  // have come and everything about them is said. Fails as Output does.
  base::Result<void> look_around(bool banned, stream::Output& out);

 private:
  Proof(const cli::Command& command, host::Watcher host);

  cli::Complaint failed_;
  host::Watcher host_;
  std::optional<sockets::Witness> witness_;
  std::unique_ptr<sockets::Scout> scout_;
  bool suspected_ = false;  // somebody, since the scout was last asked
  Suspects suspects_;
  Nearby nearby_;
};

}  // namespace session_detect
