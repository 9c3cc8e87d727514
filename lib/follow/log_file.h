// SPDX-License-Identifier: MIT
// A log that another process appends to: reads what is new, and notices when it was cut short under the
// reader.
//
//   base::Result<LogFile> file = LogFile::open(path);
//   if (const auto cut = file->check()) report(cut->lost);  // truncated: reading starts over
//   while (*file->read(on_piece) == stream::ReadState::more) {}
//
// Size alone does not show a truncation after which more was written than before, so the first bytes are
// remembered and compared.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "stream/lines.h"

namespace xlimit::follow {

// Which file it is, whatever its name: device and inode, and because inodes are used again, how it begins.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  std::string head;  // the first bytes, at most kHead; fewer when the file was shorter

  static constexpr std::size_t kHead = 512;
  bool same_inode(const Identity& other) const { return device == other.device && inode == other.inode; }
};

// Whether `fd` begins with `head`.
bool begins_with(int fd, const std::string& head);

class LogFile {
 public:
  // Fails with kUnavailable when there is none or it is a directory, kPermission when reading is not allowed.
  // A FIFO or other special file fails with kUsage.
  static base::Result<LogFile> open(const std::string& path);

  // The next byte to read. Between lines, or the line it is in comes without its head.
  void seek(std::uint64_t offset);
  // Behind the last newline: only what is appended from now on comes, with the line that is being written.
  void seek_end();

  // What stood in the file before it was cut short.
  struct Cut {
    Identity before;
    std::uint64_t offset = 0;  // lines had been given up to here
    std::uint64_t lost = 0;    // so many bytes stood behind that at the last look; there may have been more
  };
  // Looks at size and first bytes. When the file was cut short, reading starts over at its beginning.
  std::optional<Cut> check();

  // Reads at most 256 KiB and gives the whole lines; `drained` when nothing more is there for now. The end of
  // the file is never `ended`: a half line waits for its rest.
  base::Result<stream::ReadState> read(const std::function<void(const stream::Piece&)>& on_piece);
  // Gives a half line that will get no rest.
  void finish(const std::function<void(const stream::Piece&)>& on_piece) {
    lines_.finish(on_piece);
    offset_ = position_;
  }

  int fd() const { return fd_.get(); }
  const Identity& identity() const { return identity_; }
  // Where the line begins that has not been given yet.
  std::uint64_t offset() const { return offset_; }
  std::uint64_t size() const { return size_; }
  // When it was last written to, nanoseconds since 1970.
  std::int64_t written() const { return written_; }
  // When it last grew, by the monotonic clock.
  std::chrono::steady_clock::time_point grown() const { return grown_; }

 private:
  LogFile(base::Fd fd, const std::string& path)
      : fd_(std::move(fd)), lines_(stream::Lines::AtEnd::hold, path) {}
  void look();
  void extend_head();

  base::Fd fd_;
  stream::Lines lines_;
  Identity identity_;
  std::uint64_t size_ = 0;      // at the last look
  std::uint64_t position_ = 0;  // read up to here
  std::uint64_t offset_ = 0;    // given up to here
  std::int64_t written_ = 0;
  std::chrono::steady_clock::time_point grown_ = std::chrono::steady_clock::now();
};

}  // namespace xlimit::follow
