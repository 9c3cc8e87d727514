// SPDX-License-Identifier: MIT
// What `ipban load` is given: text of any form that lists come in, or NDJSON.
#pragma once

#include <string>

#include "base/result.h"
#include "feed/parse.h"

namespace xlimit::ipban {

// `file` may be "-". NDJSON is told by its first character; each line has a "target" or an array "targets",
// as the events of ban, list and entry have.
base::Result<feed::Parsed> read_content(const std::string& file);

}  // namespace xlimit::ipban
