// SPDX-License-Identifier: MIT
// What an AtomicFile leaves beside its file when its process is killed.
#pragma once

#include <string>

namespace xlimit::store {

// Removes what was written beside the file at `path` and is older than an hour: nobody writes for that long.
// To be called where one process at a time is, under a Lock.
void clear_away_abandoned(const std::string& path);

}  // namespace xlimit::store
