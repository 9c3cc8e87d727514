// SPDX-License-Identifier: MIT
// What session-detect is told: its options, and the files they name.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "session/limits.h"
#include "session/policy.h"

namespace session_detect {

using namespace xlimit;

struct Settings {
  session::Policy policy;
  std::vector<std::string> exempt_users, exempt_nets;  // words, and @FILEs of words
  std::string limits_file;
  std::string state_file;
  std::string asn_file;
  std::string metrics_file;
  std::string explain;              // a user
  std::string compare;              // a policy file
  std::chrono::seconds max_age{0};  // 0: any age
  std::optional<bool> verify;       // absent: unless a recorded stream is read for people
  bool pass_access = false;
};

void declare(cli::Command& command, Settings& settings);

// Checks ranges, reads the files of exemptions and the one of systems into the policy. What `known`, of which
// `settings` is a changed copy, has from the same files is kept: a pipe cannot be read twice.
base::Result<void> complete(Settings& settings, const Settings& known = {});

// No file: no limits. Fails when the file can not be read or has a wrong line.
base::Result<session::Limits> read_limits(const std::string& path);

}  // namespace session_detect
