// SPDX-License-Identifier: MIT
// The rotated files of a log of which there is nothing to read.
#pragma once

#include <string>
#include <vector>

#include "follow/log_file.h"
#include "follow/place.h"
#include "follow/siblings.h"

namespace xlimit::follow {

// How much of a file was read, if it is among them and still holds that.
std::uint64_t find_read(const std::vector<Done>& files, const LogFile& file);

class Known {
 public:
  Known() = default;
  explicit Known(std::vector<Done> files) : files_(std::move(files)) {}

  // In the place of what is known of that file by its inode alone.
  void add(Done done);
  // As far as it was read, in the place of what it is known by.
  void add(const LogFile& file, bool read);
  // It is read on.
  void forget(const LogFile& file);
  // Those that are gone, when there are more than `most`.
  void forget_gone(const std::vector<Sibling>& siblings, std::size_t most);

  // By its inode: the latest, because a file that was written over is there again.
  const Done* find(const Identity& file) const;
  // By its inode, or by its content when it was copied.
  const Done* find(const LogFile& file) const;
  // Without a look into it: it is the file that we know, and nobody has written to it since.
  bool has(const Sibling& sibling) const;
  const std::vector<Done>& files() const { return files_; }
  // As lines (place.h).
  const std::string& text() const;

 private:
  std::vector<Done> files_;   // the latest last
  mutable std::string text_;  // empty: to be made
};

}  // namespace xlimit::follow
