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
#include "event/event.h"
#include "sets/choice.h"

namespace xlimit::ipban {

using cli::Format;

// Whoever loads a list waits so long for others who do; a list of a million takes two seconds.
inline constexpr std::chrono::seconds kListPatience{60};

struct Settings {
  // shared
  std::string set = "xlimit";
  sets::Kind backend = sets::Kind::automatic;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> allow;
  unsigned widest4 = 16, widest6 = 32;
  std::vector<std::uint16_t> protect_ports;
  std::string state;  // folder; "none": nothing is remembered
  // of some verbs
  std::vector<std::string> targets;
  std::chrono::seconds duration{0};
  event::Direction direction = event::Direction::in;
  std::string reason;
  std::vector<std::string> words;  // a list's name, a file
  bool allow_empty = false;
  Format format = Format::automatic;
  bool dry_run = false;
};

using Ended = base::Result<base::Exit>;

Ended add(const Settings& settings, const cli::Command& command);
Ended del(const Settings& settings, const cli::Command& command);
Ended apply(const Settings& settings, const cli::Command& command);
Ended list(const Settings& settings, const cli::Command& command);
Ended load(const Settings& settings, const cli::Command& command);
Ended unload(const Settings& settings, const cli::Command& command);
Ended save(const Settings& settings, const cli::Command& command);
Ended restore(const Settings& settings, const cli::Command& command);
Ended import(const Settings& settings, const cli::Command& command);
Ended test(const Settings& settings, const cli::Command& command);
Ended flush(const Settings& settings, const cli::Command& command);
Ended status(const Settings& settings, const cli::Command& command);
Ended setup(const Settings& settings, const cli::Command& command);
Ended teardown(const Settings& settings, const cli::Command& command);

}  // namespace xlimit::ipban
