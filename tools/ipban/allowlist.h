// SPDX-License-Identifier: MIT
// The words given to --allow: prefixes, or files of them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"

namespace xlimit::ipban {

// Fails when a word is neither a prefix nor a file that can be read and understood whole.
base::Result<std::vector<ip::Prefix>> read_allowlists(const std::vector<std::string>& words);

}  // namespace xlimit::ipban
