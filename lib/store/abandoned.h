// SPDX-License-Identifier: MIT
// What an AtomicFile leaves beside its file when its process is killed.
#pragma once

#include <span>
#include <string>

namespace xlimit::store {

// Removes what was written beside the files at `paths`, which are in one folder, and is older than an hour:
// nobody writes for that long. To be called where one process at a time is, under a Lock.
void clear_away_abandoned(std::span<const std::string> paths);

}  // namespace xlimit::store
