// SPDX-License-Identifier: MIT
// What the verbs of sockkill share.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "sockets/filter.h"
#include "sockets/listing.h"

namespace xlimit::sockkill {

struct Settings {
  std::vector<std::string> filter;
  sockets::Form form = sockets::Form::plain;
  bool all = false;
  bool dry_run = false;
};

// The words of the command line as a filter.
base::Result<sockets::Filter> read_filter(const Settings& settings);
// To stdout; a reader that went away is no failure.
base::Result<void> print(const std::vector<sockets::Connection>& connections, sockets::Form form);

base::Result<base::Exit> kill(const Settings& settings);
base::Result<base::Exit> list(const Settings& settings);
base::Result<base::Exit> apply(const Settings& settings, const cli::Command& command);

}  // namespace xlimit::sockkill
