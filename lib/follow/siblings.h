// SPDX-License-Identifier: MIT
// The files that rotation made of a log: access.log.1, access.log-20260601, access-20260601.log, and s6-log's
// @4000...s beside its `current`, which for a moment are called `previous`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "follow/log_file.h"

namespace xlimit::follow {

using Logs = std::vector<std::string>;  // paths

// How often is tried anew what files that move have foiled.
inline constexpr int kTries = 20;

struct Sibling {
  std::string path;
  Facts facts;
  bool compressed = false;

  bool operator==(const Sibling&) const = default;
  // When it was born, as far as that is told and was not changed by compressing it; else its last write.
  std::int64_t age() const { return compressed || facts.file.birth == 0 ? facts.written : facts.file.birth; }
};

// Can it not be what was written to then? Compressing keeps the time of the last write, some programs to the
// second; but logrotate gives a copy the time its log had when logrotate began, and the log was written to
// until it had been copied. So one that was born since is not too old.
bool is_too_old(const Sibling& packed, std::int64_t written);

// Whether rotation may have made a file called `name` of one called `log` (both without folders).
bool is_rotated_name(std::string_view log, std::string_view name);

// Whether a name looks rotated by itself: "access.log.1", "access.log-20260601", "access.log.2.gz".
bool looks_rotated(std::string_view name);

// Oldest first. Compressed ones are older than those that are not yet, unless both their names and their last
// writes say otherwise. The others are ordered by birth where the file system tells it, because a core may
// write into a renamed file for long; else by their last write; and where that is the same, as often it is,
// by what their names say.
void sort_by_age(std::vector<Sibling>& siblings);

// Whether `path` is a name that rotation may have made of the log's, in its folder, and no symbolic link.
bool is_rotated_path(const std::string& log, const std::string& path);

// All of them in the logs' folders, and in those of the files that symbolic links lead to, oldest first. A
// folder that cannot be read has none.
std::vector<Sibling> find_siblings(const Logs& logs);

// The size that the end of that gzip file tells (unpack.h). Absent when another one has its name by now.
std::optional<std::uint32_t> unpacked_size(const Sibling& packed);

// The plain files that were listed `earlier`, are not there `now`, and were not compressed in between as far
// as can be told: each compressed one that is new accounts for one of them.
std::vector<Sibling> find_deleted(const std::vector<Sibling>& earlier, const std::vector<Sibling>& now);

// Opens that file, also when it is renamed meanwhile. Fails as LogFile::open and unpack() do, and when it is
// gone.
base::Result<LogFile> open_sibling(const Logs& logs, const Sibling& sibling);

}  // namespace xlimit::follow
