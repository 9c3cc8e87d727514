// SPDX-License-Identifier: MIT
// What the command line says, and the verbs it may say it to.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/table.h"
#include "ip/ranges.h"

namespace xlimit::blocklist_fetch {

using cli::Format;

struct Settings {
  std::string sources = "/etc/xlimit/blocklist.toml";
  std::string cache = "/var/lib/xlimit/blocklist";
  std::vector<std::string> words;  // names of sources; of merge: files; of explain: addresses
  std::vector<std::string> allow;
  bool out = false;  // the direction
  bool force = false, partial = false, keep_bogons = false, dry_run = false;
  ip::Widest widest;
  std::uint64_t largest = 64;  // MiB
  std::chrono::seconds patience{20};
  Format format = Format::automatic;
};

using Ended = base::Result<base::Exit>;

Ended fetch(const Settings& settings, const cli::Command& command);
Ended merge(const Settings& settings, const cli::Command& command);
Ended explain(const Settings& settings, const cli::Command& command);
Ended status(const Settings& settings, const cli::Command& command);

}  // namespace xlimit::blocklist_fetch
