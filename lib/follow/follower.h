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
#include <limits>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "follow/known.h"
#include "follow/log_file.h"
#include "follow/place.h"
#include "follow/siblings.h"
#include "follow/unpacker.h"

namespace xlimit::follow {

// Was a file written to so lately that somebody may do so again?
bool is_recent(std::int64_t written);

enum class From : std::uint8_t { start, end };

enum class Gap : std::uint8_t {
  truncated,  // at least so many bytes were written and cut off unread
  lost,       // at least so many bytes were in a rotated file that is gone
};

class Follower {
 public:
  struct Sink {
    std::function<void(const stream::Piece&)> piece;
    // A line whose end is missing.
    std::function<void(std::string_view text)> half;
    std::function<void(Gap, std::uint64_t bytes)> gap;
    std::function<void(const std::string& text)> warning;
    // What the taker of the lines wants to remember over restarts, and is given back then. May be empty.
    std::function<std::string()> note = {};
    std::function<void(const std::string& note)> recall = {};
  };

  // Longer than Xray's writer stays on a file without writing (one to two minutes).
  static constexpr std::chrono::seconds kQuiet{125};
  // Renamed files that are held open at most: those that have been read, and all; the others wait their turn.
  static constexpr std::size_t kMaxHeld = 32, kMaxOpen = 256;
  // Rotated files that are remembered when they are gone.
  static constexpr std::size_t kMaxDone = 1000;

  Follower(std::string path, Sink sink);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // A file that rotation may have made of this log (siblings.h) and that is read as well, by its name; before
  // begin() or resume(), or when it is new. Somebody may write to it all the time, in spite of its name.
  void add_name(const std::string& path);
  // Opens the log when it is there, and with From::end behind what is there; also the newest rotated file if
  // it was written to lately, because somebody may do so again. Fails when the log is there and cannot be
  // read.
  base::Result<void> begin(From from) { return begin(from, std::numeric_limits<std::int64_t>::max()); }
  // The same, for a log that may have been rotated since it was born: rotated files that were born later than
  // `since` (nanoseconds since 1970) are read before it.
  base::Result<void> begin(From from, std::int64_t since);
  // Goes on where an earlier run was: its files are found by inode and by what was read of them, under
  // whatever name rotation gave them, and those rotated since are read before the one under the path. What is
  // gone is a gap.
  base::Result<void> resume(const LogState& state);
  // Where reading is, as lines (place.h).
  void append_state(std::string& text) const;
  // How many files are open.
  std::size_t open() const { return files_.size(); }
  // Whether this file is one of them.
  bool holds(const Identity& file) const;
  // Up to where this file was read when it was given up; 0: it was not.
  std::uint64_t find_end(const LogFile& file) const { return follow::find_read(known_.files(), file); }

  // Opens what stands under the path now, and what stood there since the last look. A file that cannot be
  // read is warned of once and tried again.
  void look_up() { look_up(false); }
  // The same, and looks into all rotated files that are new or have changed.
  void look_around();
  // Reads one slice of the oldest touched file that has something. True when there may be more at once.
  bool read();
  // From inside sink.piece: no more lines for now; the next read() goes on.
  void hold_back();
  // While it is not read: sees how far the files have come.
  void look();
  // Gives up old files that have been quiet, and lets the next look try again what there was no room for.
  void expire(std::chrono::steady_clock::time_point now);
  // Whether nothing stands under the path and all files have been read and quiet; then they are given up.
  bool give_up_deleted(std::chrono::steady_clock::time_point now);
  // No more will come. A half line that files end with is `half`; only at the end of one that has been read
  // as it is, for good (`whole`), it is a line.
  void finish(bool whole);

  // Gives a warning, unless it was given already.
  void warn(const std::string& text);
  // A file has grown or was cut short: the one with this descriptor, or any of them.
  void touch(int fd);
  void touch_all();

  const std::string& path() const { return path_; }
  const Logs& names() const { return names_; }
  // Told of every file that is opened, and before it is closed; to watch it. May be empty.
  std::function<void(const LogFile&)> on_open, on_close;
  // Whether somebody else reads this file, which is then left to them. May be empty.
  std::function<bool(const Identity&)> is_taken;
  // How much was read of this file before it was given up, here or by others that it was renamed from. May be
  // empty.
  std::function<std::uint64_t(const LogFile&)> find_read;

 private:
  struct Held {
    LogFile file;
    bool leaving = false;  // nobody writes to it any more: given up when it has been read
    bool touched = true;
    bool fresh = false;  // a rotated file that was found since the log was last cut short
  };
  using Files = std::list<Held>;  // oldest first; the last is the one under the path, unless that is gone

  Files::iterator find(const Identity& file);
  Files::iterator find_same(const LogFile& file);
  Files::iterator add(LogFile file, bool leaving = false);
  Files::iterator add(Files::iterator before, LogFile file, bool leaving);
  bool is_absent(const base::Error& error) const;
  void look_up(bool in_place);
  bool is_log_cut();
  bool is_current(const LogFile& file) const;
  bool open_waiting();
  bool is_named(const Identity& file) const;
  // rotated.cc
  void remember(const Sibling& sibling);
  bool is_packed_known(const Sibling& sibling);
  bool was_read(const LogFile& file) const;
  bool is_pending(const Sibling& packed);
  bool is_short(const LogFile& copy, const LogFile::Cut& cut) const;
  void remember_short(const LogFile::Cut& cut);
  bool was_log(const Sibling& sibling) const;
  bool is_copy_begun(const LogFile& file) const;
  void open_missed(Files::iterator before, bool leaving);
  bool open_listed(Files::iterator before, const std::vector<Sibling>& siblings, bool leaving,
                   std::vector<Sibling>& gone);
  bool open_rotated(Files::iterator before, const Sibling& sibling, bool leaving, std::vector<Sibling>& gone);
  bool is_made_by_copying(const Sibling& sibling, bool new_content) const;
  bool was_read_and_packed(const Place& place, const std::vector<Sibling>& siblings);
  bool give_up_unreadable(const Sibling& sibling, const base::Error& error);
  bool is_copy(const LogFile& file);
  base::Result<void> hold_named(From from, const LogFile* log);
  void hold_late_writer(const LogFile* log);
  // cut.cc
  void on_rotated_cut(Files::iterator held);
  void on_log_cut(const LogFile::Cut& cut);
  bool take_anew(Files::iterator held);
  std::optional<LogFile> find_copy(const LogFile::Cut& cut, std::vector<Sibling>& candidates);
  std::uint64_t add_copy(const LogFile::Cut& cut, Files::iterator before);
  void count_copies();
  void tell_hole(const LogFile& log);
  // resume.cc
  void find_all_again(const std::vector<Place>& places);
  void find_again(const Place& place, const std::vector<Place>& all);
  bool was_packed_unseen(const Place& place, const std::vector<Sibling>& siblings);
  enum class Sought : std::uint8_t {
    taken,
    absent,
    moved,  // one of the candidates was gone when it was opened, as when it was compressed meanwhile
  };
  bool seek_place(const Place& place, const std::vector<Place>& all);
  enum class By : std::uint8_t {
    inode,
    facts,    // it holds what was read, and is as it was then
    content,  // or has grown
    part,     // or is a copy that ends before what was seen
  };
  static constexpr By kByContent[] = {By::facts, By::content, By::part};
  Sought take_place(const Place& place, const std::vector<Sibling>& candidates, By by,
                    const std::vector<Place>& others = {});
  bool await(Place place, const std::vector<Sibling>& siblings);
  void take_awaited(Files::iterator before, const std::vector<Sibling>& siblings);
  bool may_yet_come(const std::vector<Sibling>& siblings);
  bool is_cut_in_place(const Place& place);
  bool was_log_cut(const Place& place);
  bool is_cut_and_renamed(const Place& place, const std::vector<Sibling>& siblings);
  void report_gone(const Place& place, bool may_have_grown);

  base::Result<LogFile> open_log();
  bool open_current();

  bool read_slice(Files::iterator held);
  void give_up(Files::iterator held);
  void finish(LogFile& file);
  void bound();

  std::string path_;
  Logs names_;  // the path, and those of rotated files that are read as well
  Unpacker unpacker_{names_};
  Sink sink_;
  Files files_;
  LogFile* reading_ = nullptr;
  std::vector<Place> awaited_;     // places in files that are just being compressed
  std::vector<Sibling> searched_;  // where those were looked for last
  std::int64_t compressing_ = 0;   // when the newest that was not whole then was written to
  Known known_;
  std::optional<CutOff> cut_off_;  // how far behind its end the log was cut short is not known yet
  std::uint64_t spare_ = 0;       // bytes in copies that were found when the log had been cut short once more
  bool missed_ = false;           // look at the rotated files again
  bool waiting_ = false;          // for as many are open as may be
  std::set<std::string> warned_;  // said already
};

}  // namespace xlimit::follow
