// SPDX-License-Identifier: MIT
// A log that another process appends to: reads what is new, and notices when it was cut short under the
// reader.
//
//   base::Result<LogFile> file = LogFile::open(path);
//   while (*file->read(on_piece) == LogFile::Step::more) {}
//   if (... == LogFile::Step::cut) report(file->take_cut());   // reading starts over
//
// Size alone does not show a truncation after which more was written than before, and the first bytes may be
// the same again. So every read(2) takes the last bytes of the one before with it and compares, after a look
// at the first ones.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "follow/identity.h"
#include "follow/place.h"
#include "stream/lines.h"

namespace xlimit::follow {

struct Facts {
  Identity file;  // without a head
  std::uint64_t size = 0;
  std::int64_t written = 0;  // its last write, nanoseconds since 1970
  bool regular = false, directory = false;

  bool operator==(const Facts&) const = default;
};
base::Result<Facts> look_at(int fd);
enum class Link : std::uint8_t { follow, show };  // what of a symbolic link at the end of the path
base::Result<Facts> look_at(const std::string& path, Link link = Link::follow);

class LogFile {
 public:
  using OnPiece = std::function<void(const stream::Piece&)>;

  // Fails with kUnavailable when there is none or it is a directory, kPermission when reading is not allowed.
  // A FIFO or other special file fails with kUsage.
  static base::Result<LogFile> open(const std::string& path);
  // What a file holds that was compressed with gzip. Fails as unpack() does, too (unpack.h).
  static base::Result<LogFile> unpack(const std::string& path);

  // The next byte to read. Between lines, or the line it is in comes without its head.
  void seek(std::uint64_t offset);
  // Behind the last newline before `offset`, or before the end: only what is appended from now on comes, with
  // the line that is being written.
  void seek_line(std::uint64_t offset);
  void seek_end() { seek_line(size_); }

  enum class Step : std::uint8_t {
    more,     // there may be more at once
    drained,  // nothing more is there for now
    cut,      // it was cut short: take_cut()
  };
  // Reads at most 256 KiB and gives the whole lines, or those that were held back. The end of the file is
  // never final: a half line waits for its rest.
  base::Result<Step> read(const OnPiece& on_piece);
  // From inside on_piece: the lines behind this one wait for the next read().
  void hold_back() { lines_.hold_back(); }
  // It may be long until more comes.
  void rest() { lines_.rest(); }
  // Gives a half line that will get no rest.
  void finish(const OnPiece& on_piece);

  // What stood in the file before it was cut short.
  struct Cut {
    Identity before;
    std::string head;  // how it began
    Mark mark;
    std::int64_t written = 0;  // a copy of it was written later
    std::uint64_t offset = 0;  // lines had been given up to here
    std::uint64_t lost = 0;    // so many bytes stood behind that at the last look; there may have been more
    bool to_start = true;      // reading starts over; false: only what had not been read was cut off
  };
  Cut take_cut();
  // It was cut short, and whether read() would say so next.
  bool was_cut() const { return cut_; }
  bool is_cut_next() const { return cut_ && !lines_.holds(); }
  // Looks at its size. To be called now and then while it is not read, so that little goes unseen.
  void look();

  // Is `other` a copy of what this file holds, or held before it was cut short just now?
  bool is_copied_by(const LogFile& other) const;
  // Does it begin like what was read of this file? Costs nothing.
  bool looks_copied_by(const LogFile& other) const { return other.begins_like(head_); }
  // As far as both go, which is not nothing.
  bool begins_like(std::string_view head) const;
  // Does it begin like that file, and hold the mark?
  bool holds(const Identity& file, const Mark& mark) const;
  // Whether it holds no end of a line, and no more than stream::kMaxInput bytes.
  bool is_half_a_line() const;

  int fd() const { return fd_.get(); }
  const Identity& identity() const { return identity_; }
  const Mark& mark() const { return mark_; }
  // Its size is what there was to read, also when that was cut off meanwhile.
  Place place() const;
  // Where the line begins that has not been given yet.
  std::uint64_t offset() const { return offset_; }
  // As far as is known: at the last look, or read beyond that.
  std::uint64_t size() const { return size_; }
  bool is_drained() const { return position_ == size_ && !lines_.holds() && !cut_; }
  // It begins with so many NULs, which are skipped: the hole that a writer leaves who does not append and
  // whose file was cut short, exactly here. Absent until something behind them was read.
  std::optional<std::uint64_t> hole() const {
    return position_ > hole_ ? std::optional<std::uint64_t>{hole_} : std::nullopt;
  }
  bool is_unpacked() const { return unpacked_; }
  // When it was last written to, nanoseconds since 1970, at the last look.
  std::int64_t written() const { return written_; }
  // When it last grew, by the monotonic clock.
  std::chrono::steady_clock::time_point grown() const { return grown_; }

 private:
  LogFile(base::Fd fd, const std::string& path)
      : fd_(std::move(fd)), path_(path), lines_(stream::Lines::AtEnd::hold, path) {}
  void begin(const Facts& facts, std::string_view head, int fd);
  base::Result<Step> read_on(const OnPiece& on_piece);
  bool holds_what_was_read();
  bool is_intact() const;
  bool begins_as_read() const;
  bool begins_so(const Identity& file) const;
  std::uint64_t known_size(std::uint64_t size) const;
  void take_in(std::string_view bytes);
  void remember_tail(std::string_view bytes);
  void set_head(std::string_view head);
  Step cut_short();
  Step skip_hole(std::string_view bytes);

  base::Fd fd_;
  bool unpacked_ = false;  // fd_ is not the file itself
  std::string path_, real_path_;
  stream::Lines lines_;
  Identity identity_;
  std::string head_;            // the first bytes
  std::string tail_;            // the last bytes before position_
  Mark mark_;                   // the same
  std::uint64_t size_ = 0;      // at the last look
  std::uint64_t position_ = 0;  // read up to here
  std::uint64_t offset_ = 0;    // given up to here
  std::uint64_t hole_ = 0;      // it begins with so many NULs
  std::uint64_t missed_ = 0;    // bytes that were seen to be there and were cut off unread
  bool cut_ = false;
  std::int64_t written_ = 0;
  std::chrono::steady_clock::time_point grown_ = std::chrono::steady_clock::now();
};

}  // namespace xlimit::follow
