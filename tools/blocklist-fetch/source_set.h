// SPDX-License-Identifier: MIT
// The configured sources, as the verbs want them.
#pragma once

#include <vector>

#include "blocklist-fetch/settings.h"
#include "feed/sources.h"

namespace xlimit::blocklist_fetch {

// Those that the command line names, or all. Fails with kUsage when it names one that there is not.
base::Result<std::vector<feed::Source>> read_sources(const Settings& settings);

}  // namespace xlimit::blocklist_fetch
