// SPDX-License-Identifier: MIT
// Named lists, for the verbs that show them among other things.
#pragma once

#include "ipban/settings.h"
#include "sets/backend.h"

namespace xlimit::ipban {

// "in", "out".
const char* word(event::Direction direction);

// The list that the command line names. Fails with kUsage when more than `most` words were given.
base::Result<sets::ListKey> read_list(const Settings& settings, std::size_t most);

// The content of the list that settings name, on stdout. The answer is no when there is no such list.
Ended show_list(sets::Backend& backend, const Settings& settings);

// Says which lists drop the packets of `target`; false when none does.
base::Result<bool> tell_lists(sets::Backend& backend, const ip::Prefix& target);

}  // namespace xlimit::ipban
