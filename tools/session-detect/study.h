// SPDX-License-Identifier: MIT
// Recorded streams read for people: --explain and --compare. Nothing of the stream is passed on.
#pragma once

#include "base/result.h"
#include "cli/command.h"
#include "session-detect/settings.h"
#include "session/limits.h"

namespace session_detect {

// The user's time line on stdout.
base::Result<base::Exit> explain(const cli::Command& command, const Settings& settings,
                                 const session::Limits& limits);

// The differences on stdout, their sum on stderr. Fails with kConfig when the other policy's file is wrong.
base::Result<base::Exit> compare(const cli::Command& command, const Settings& settings,
                                 const session::Limits& limits);

}  // namespace session_detect
