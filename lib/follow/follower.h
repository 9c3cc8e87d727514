// SPDX-License-Identifier: MIT
// One log by its path, through every kind of rotation.
//
//   Follower follower{"/var/log/xray/access.log", {.piece = on_piece, .gap = on_gap}};
//   follower.begin(From::end);
//   ... follower.look_up();   when something happened in its folder, and now and then
//   ... follower.read();      when a file grew; true: call again, there is more
//
// Renamed away: the old file is read on beside the new one, because a busy Xray keeps writing into it for as
// long as it likes; it is given up when the new file has data and the old one has been quiet for kQuiet. Cut
// short in place (copytruncate): a copy that rotation left is read to its end, and what is missing is a gap.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "follow/checkpoint.h"
#include "follow/log_file.h"
#include "follow/siblings.h"

namespace xlimit::follow {

enum class From : std::uint8_t { start, end };

enum class Gap : std::uint8_t {
  truncated,  // at least so many bytes were written and cut off unread
  lost,       // at least so many bytes were in a rotated file that is gone
};

class Follower {
 public:
  struct Sink {
    std::function<void(const stream::Piece&)> piece;
    std::function<void(Gap, std::uint64_t bytes)> gap;
    std::function<void(const std::string& text)> warning;
  };

  // Longer than Xray's writer stays on a file without writing (one to two minutes).
  static constexpr std::chrono::seconds kQuiet{125};
  // Renamed files that are held open at most.
  static constexpr std::size_t kMaxHeld = 32;

  Follower(std::string path, Sink sink);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Opens the log when it is there. Fails when it is and cannot be read.
  base::Result<void> begin(From from);
  // Goes on where `places` of an earlier run say: the files are found by inode and first bytes, under
  // whatever name rotation gave them, and those rotated since are read before the one under the path. What is
  // gone is a gap.
  base::Result<void> resume(const std::vector<Place>& places);
  // Where reading is. One with inode 0 when no file is open.
  std::vector<Place> places() const;
  bool is_open() const { return !files_.empty(); }

  // Opens what stands under the path now, and what stood there since the last look. A file that cannot be
  // read is warned of once and tried again.
  void look_up();
  // Reads one slice of the oldest touched file that has something. True when there may be more at once.
  bool read();
  // Gives up old files that have been quiet.
  void expire(std::chrono::steady_clock::time_point now);
  // Whether nothing stands under the path and all files have been quiet; then they are given up.
  bool give_up_deleted(std::chrono::steady_clock::time_point now);
  // No more will come: half lines are judged as they are.
  void finish();

  // Gives a warning, unless it was the last one given.
  void warn(const std::string& text);
  // A file has grown or was cut short: the one with this descriptor, or any of them.
  void touch(int fd);
  void touch_all();

  const std::string& path() const { return path_; }
  // Oldest first; the last is the one under the path, unless that is gone.
  const std::list<LogFile>& files() const { return files_; }
  // Told of every file that is opened, and before it is closed; to watch it. May be empty.
  std::function<void(const LogFile&)> on_open, on_close;

 private:
  enum class Hold : std::uint8_t { open, until_read };
  using Files = std::list<LogFile>;
  using Key = std::pair<dev_t, ino_t>;
  Files::iterator find(Key key);
  void resume_place(const Place& place, bool last, std::vector<Sibling>& left);
  void open_newer(const std::vector<Sibling>& left, std::int64_t than, Hold hold);
  void add(LogFile file, Hold hold = Hold::open);
  void open_missed();
  bool open_rotated(const Sibling& sibling);
  void open_current();
  void check(LogFile& file);
  std::uint64_t read_copy(const LogFile::Cut& cut);
  bool read_slice(LogFile& file);
  void give_up(Files::iterator file);
  void bound();

  std::string path_;
  Sink sink_;
  Files files_;
  std::set<int> touched_;  // descriptors
  std::set<int> copies_;   // descriptors of those that nobody writes to any more
  std::set<Key> known_;    // rotated files that were there before us, or were read
  bool missed_ = false;    // a rotated file could not be opened
  std::string warned_;     // said already
};

}  // namespace xlimit::follow
