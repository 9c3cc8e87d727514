// SPDX-License-Identifier: MIT
// Splits what a descriptor gives into lines, in bounded memory.
//
//   stream::Lines lines;
//   const Result<Read> read = lines.read(fd, [&](const stream::Piece& piece) { ... });
//
// A line longer than kMaxInput comes in several pieces, so that a filter can pass it on byte for byte; only
// the first has `first`, only the last has `last`. A whole line has both. The last line of a stream may lack
// its newline: finish() gives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xlimit::stream {

inline constexpr std::size_t kMaxInput = 64 * 1024;
// Readable bytes behind every piece, as the event decoder wants them.
inline constexpr std::size_t kSlack = 64;

struct Piece {
  std::string_view text;  // without its newline
  bool first = true;
  bool last = true;
  bool newline = true;  // a newline followed; false on all but the last piece, and for a half line at the end
  std::string_view behind{};  // what was read with it and comes next

  bool whole() const { return first && last; }
};

enum class ReadState {
  more,
  drained,
  ended
};  // drained: less than asked for came, so there is nothing left now

class Lines {
 public:
  // At the end of the stream: `finish`, or `hold` what is there for a file that grows. `name` is for errors.
  enum class AtEnd { finish, hold };
  explicit Lines(AtEnd at_end = AtEnd::finish, std::string name = "-");

  // Reads once, at most 256 KiB and `most` bytes, and calls `on_piece` for every piece that is complete.
  // `drained` when nothing more was there, `ended` at the end of the stream (finish() was then called). Fails
  // when read(2) does; EAGAIN counts as drained.
  base::Result<ReadState> read(int fd, const std::function<void(const Piece&)>& on_piece,
                               std::size_t most = SIZE_MAX);

  // The same in two steps, for those who read in another way: where the next bytes go, at most 256 KiB and
  // `most`; and so many have come.
  std::span<char> space(std::size_t most = SIZE_MAX);
  void put(std::size_t got, const std::function<void(const Piece&)>& on_piece);

  // From inside on_piece: the other lines that are there wait until go_on() or the next read(), which then
  // reads nothing and tells `more`.
  void hold_back() { held_ = true; }
  bool holds() const { return held_; }
  void go_on(const std::function<void(const Piece&)>& on_piece);

  // Gives the buffer back until the next read, unless something stands in it.
  void rest();

  // Gives what stands in the buffer without a newline, if anything.
  void finish(const std::function<void(const Piece&)>& on_piece);
  // Bytes read and not given yet, and whether they go on with a line of which pieces were given.
  std::size_t pending() const { return end_ - begin_; }
  bool inside() const { return inside_; }

 private:
  void give(const char* start, std::size_t length, const std::function<void(const Piece&)>& on_piece);
  void split(const std::function<void(const Piece&)>& on_piece);

  std::unique_ptr<char[]> buffer_;  // from the first read on
  std::size_t begin_ = 0, end_ = 0;
  AtEnd at_end_;
  std::string name_;
  bool inside_ = false;  // pieces of the current line were given already
  bool held_ = false;
};

}  // namespace xlimit::stream
