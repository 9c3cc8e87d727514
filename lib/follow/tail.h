// SPDX-License-Identifier: MIT
// Reads logs, pipes and stdin side by side on one loop.
//
//   follow::Tail tail{loop, {.follow = true}, open_sink, [&] { flush(); }};
//   if (auto added = tail.add(path); !added) return failed(added);
//   loop.run();
//
// Event driven: inotify says when to look. A look a second is the net below, for file systems that tell
// nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "follow/follower.h"
#include "follow/notices.h"
#include "stream/loop.h"

namespace xlimit::follow {

class Tail {
 public:
  struct Options {
    std::optional<std::vector<Place>> places{};  // of an earlier run; logs among them go on from there
    bool follow = true;  // else: read to the end; the loop is stopped when every source has ended
    From from = From::end;
    bool resumed_later = false;  // not following: a half line at the end of a log is left for the next run
  };

  // `open_sink` is asked where the lines of a source go; `on_read`: a slice was given, or all there is.
  Tail(stream::Loop& loop, Options options, std::function<Follower::Sink(const std::string& name)> open_sink,
       std::function<void()> on_read);
  ~Tail();

  // A file, a FIFO, "-" for stdin, or a pattern for files: `*`, `?` and `[` in the last part of the path
  // (glob(7)), where rotated names are left out; following, new files that match are read from their start. A
  // file that is not there is waited for when following, with a warning; otherwise it is an error, as is a
  // folder or one that must not be read.
  base::Result<void> add(const std::string& path);

  // The output of a program. Following, it is started again when it ends, after a second and then longer and
  // longer.
  base::Result<void> add_command(const std::vector<std::string>& words);

  // Where reading is in every log.
  std::vector<Place> places() const;

 private:
  struct Pipe;
  base::Result<void> begin(Follower& log, From from);
  base::Result<void> add_log(const std::string& path, From from);
  base::Result<void> add_pipe(const std::string& path);
  base::Result<void> add_pattern(const std::string& pattern);
  void look_for_new();
  void add_new(const std::string& path);
  void drop_deleted(std::chrono::steady_clock::time_point now);
  base::Result<void> start_notices();
  void watch_folders(Follower& log);
  void on_notice(int watch);
  void on_second();
  void work();
  bool read_logs();
  void watch(Pipe& pipe);
  void read_pipe(Pipe& pipe);
  void end_pipe(Pipe& pipe);
  void end_command(Pipe& pipe);
  void restart_command(Pipe& pipe);
  bool all_ended() const;

  stream::Loop& loop_;
  Options options_;
  std::function<Follower::Sink(const std::string& name)> open_sink_;
  std::function<void()> on_read_;
  std::vector<std::string> patterns_;
  std::set<std::string> refused_;  // files that match and cannot be opened for now
  std::vector<std::unique_ptr<Follower>> logs_;
  std::vector<std::unique_ptr<Pipe>> pipes_;
  std::size_t ended_logs_ = 0;  // without following, those before have ended
  std::optional<Notices> notices_;
  std::multimap<int, std::pair<Follower*, int>> files_;  // by watch: the log and the file's descriptor
  std::multimap<int, Follower*> folders_;
  base::Fd again_fd_;  // readable while there is more to read at once
  std::optional<stream::Watch> notice_watch_, again_watch_;
  std::optional<stream::Timer> second_;
};

}  // namespace xlimit::follow
