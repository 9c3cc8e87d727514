// SPDX-License-Identifier: MIT
// Small files that are read whole, and read again when they change.
#pragma once

#include <sys/inotify.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "stream/loop.h"

namespace xlimit::stream {

// The whole file. Fails when it can not be read, is a directory, or is larger than `most` bytes (kData). A
// pipe or device is refused (kUnavailable), because it could keep us waiting for ever, but for one that is
// open already: /dev/stdin, and what a shell's <(...) passes, is read to its end.
base::Result<std::string> read_file(const std::string& path, std::size_t most);

// The same piece by piece, for what is too large to be held. The pieces end anywhere.
base::Result<void> read_pieces(const std::string& path, std::size_t most,
                               const std::function<void(std::string_view)>& on_piece);

// Calls `on_change` when the file was written and closed, renamed or linked into place or removed, and when
// the kernel lost count of such events. Every folder on the way to it may come and go, and every symbolic
// link be turned. A file that is linked into place is seen as long as it still has its other name.
class FileWatch {
 public:
  // Fails when the file's folder can not be watched, or the system allows no more watches.
  static base::Result<std::unique_ptr<FileWatch>> open(Loop& loop, const std::string& path,
                                                       std::function<void()> on_change);

 private:
  struct Place {
    int folder;  // inotify's number
    std::string path, name;
  };
  FileWatch(Loop& loop, base::Fd inotify, std::string path, std::function<void()> on_change);
  base::Result<void> find_places();
  base::Result<void> add_place(const std::string& path);
  void watch_folders(const std::string& way);
  bool concerns(const inotify_event& event, const char* name) const;
  void take_events();

  std::string path_;
  std::function<void()> on_change_;
  base::Fd inotify_;
  std::vector<Place> places_;
  Watch watch_;
};

}  // namespace xlimit::stream
