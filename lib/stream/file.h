// SPDX-License-Identifier: MIT
// Small files that are read whole, and read again when they change.
#pragma once

#include <functional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "stream/loop.h"

namespace xlimit::stream {

// The whole file. Fails when it can not be read, is a directory, or is larger than `most` bytes (kData). A
// pipe or device is refused (kUnavailable), because it could keep us waiting for ever, but for one that is
// open already: /dev/stdin, and what a shell's <(...) passes, is read to its end.
base::Result<std::string> read_file(const std::string& path, std::size_t most);

// Calls `on_change` when the file was written and closed, renamed into place or removed. The directory is
// watched, so that the file may come and go.
class FileWatch {
 public:
  FileWatch(Loop& loop, const std::string& path, std::function<void()> on_change);

 private:
  void take_events();

  std::string name_;  // in its directory
  std::function<void()> on_change_;
  base::Fd inotify_;
  Watch watch_;
};

}  // namespace xlimit::stream
