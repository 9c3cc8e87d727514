// SPDX-License-Identifier: MIT
// State that survives: written beside the file, synced, and renamed over it. A reader, and a crash at any
// instant, sees the old content or the new, never a part.
//
//   Result<AtomicFile> file = AtomicFile::create("/var/lib/xlimit/detect.state");
//   file->write("...");
//   Result<void> done = file->commit();     // without it nothing happened
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::store {

class AtomicFile {
 public:
  // Fails when the directory can not be written to, or `path` is something else than a regular file. The file
  // will have mode 0600, and the owner of the process; what root writes belongs to the directory's owner.
  static base::Result<AtomicFile> create(const std::string& path);
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  // Removes what was not committed.
  ~AtomicFile();

  // For those who write to it themselves.
  int fd() const { return fd_.get(); }
  // Gathered; a failure shows at commit() at the latest.
  base::Result<void> write(std::string_view text);
  // Writes out and syncs what there is, so that little is left for commit().
  base::Result<void> sync();
  base::Result<void> commit();
  // The same in two steps: replace() waits for no disk, and until settle() a power cut may leave less.
  base::Result<void> replace();
  base::Result<void> settle();

 private:
  AtomicFile(std::string path, std::string aside, base::Fd fd);
  base::Result<void> flush();

  std::string path_, aside_;  // the latter is empty when it has been renamed
  base::Fd fd_;
  std::string buffer_;
};

// All at once.
base::Result<void> write_file(const std::string& path, std::string_view text);
// The same for what others read and is soon written anew: everybody may read it, and nobody waits for a disk;
// a power cut may leave less.
base::Result<void> publish_file(const std::string& path, std::string_view text);

// One writer of a state file: holds `PATH.lock` as long as it lives. Fails with kTemporary when another
// process does, and still does after `patience`.
class Lock {
 public:
  // A process that was killed holds its locks until the last of its threads is gone.
  static constexpr std::chrono::milliseconds kHandOver{1000};

  static base::Result<Lock> take(const std::string& path, std::chrono::milliseconds patience = {});

 private:
  explicit Lock(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

}  // namespace xlimit::store
