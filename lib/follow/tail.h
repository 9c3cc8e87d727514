// SPDX-License-Identifier: MIT
// Reads logs, pipes and stdin side by side on one loop.
//
//   follow::Tail tail{loop, {.follow = true}, open_sink, [&] { flush(); }};
//   if (auto added = tail.add(paths); !added) return failed(added);
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
#include "follow/pipe_source.h"
#include "stream/loop.h"

namespace xlimit::follow {

class Tail {
 public:
  struct Options {
    std::optional<State> state{};  // of an earlier run; logs in it go on from there when they are added
    bool follow = true;            // else: read to the end; the loop is stopped when every source has ended
    From from = From::end;
    bool resumed_later = false;  // not following: a half line at the end of a log is left for the next run
    std::function<void(const std::string& text)> warning{};  // of what is no source's; may be empty
  };

  // `open_sink` is asked where the lines of a source go; `on_read`: a slice was given, or all there is.
  Tail(stream::Loop& loop, Options options, std::function<Follower::Sink(const std::string& name)> open_sink,
       std::function<void()> on_read);
  ~Tail();

  // All at once: files, FIFOs, "-" for stdin, or patterns for files: `*`, `?` and `[` in the last part of the
  // path (glob(7)), where rotated names are left out; following, new files that match are read from their
  // start, also those that appeared since an earlier run. A file that is not there is waited for when
  // following, with a warning; otherwise it is an error, as is a folder or one that must not be read. A file
  // that is followed by another name, or was read by another before it was renamed, is not followed twice;
  // one that rotation may have made of another that is asked for is read by the follower of that.
  base::Result<void> add(const std::vector<std::string>& paths);
  // The output of a program (pipe_source.h).
  base::Result<void> add_command(const std::vector<std::string>& words);

  // When it was stopped: half lines at the end of logs are told, unless a later run reads on.
  void finish();
  // From inside a sink: that is enough for now. on_read is called next.
  void hold_back();
  // Nothing is read until resume(); what happens to the files is seen meanwhile.
  void pause();
  void resume();

  // Files that are open, and pipes.
  std::size_t open() const;
  // Where reading is, as lines (place.h), and where an earlier run was with logs that are not read now.
  void append_state(std::string& text) const;

 private:
  static constexpr std::size_t kMostSetAside = 100;
  // Where nothing is followed a log may be absent only by pattern.
  enum class Asked : std::uint8_t { by_name, by_pattern };
  struct Claim {  // a file, and the log that goes on with it
    Identity file;
    std::string log;
  };

  base::Result<void> begin(Follower& log, From from, std::int64_t since);
  base::Result<void> add(const std::string& path);
  base::Result<void> add_log(const std::string& path, From from, Asked asked, std::int64_t since = 0);
  base::Result<void> add_pipe(base::Result<std::unique_ptr<PipeSource>> pipe);
  base::Result<void> add_pattern(const std::string& pattern);
  PipeSource::Handlers handle(const std::string& name);
  // claims.cc
  void claim();
  void claim(const std::string& path);
  bool is_taken(const std::string& log, const Identity& file) const;
  std::uint64_t find_read(const LogFile& file) const;
  bool is_asked(const std::string& path) const;
  // names.cc
  Follower* find_same(const std::string& path) const;
  bool is_rotated(const std::string& path) const;
  bool is_matched(const Follower& log) const;
  Logs find_logs(const std::string& pattern) const;
  void add_names(Follower& log) const;
  bool add_name(const std::string& path);
  void set_aside();
  void look_for_new();
  void look_at_double(const std::string& path);
  void add_new(const std::string& path, std::int64_t since = 0);
  bool matches(const std::string& path) const;
  void drop_deleted(std::chrono::steady_clock::time_point now);
  base::Result<void> start_notices();
  void watch_files(Follower& log);
  void watch_folders(Follower& log);
  bool is_new_match(int watch, std::string_view name) const;
  void take_notices();
  void touch(Follower& log, int fd);
  void on_second();
  void work();
  void settle();
  bool read_slices();
  bool read_logs();
  bool all_ended() const;

  stream::Loop& loop_;
  Options options_;
  std::function<Follower::Sink(const std::string& name)> open_sink_;
  std::function<void()> on_read_;
  Logs asked_;                  // files by name or pattern, when it all began
  std::string set_aside_;       // as append_state() writes it
  std::vector<Claim> claimed_;  // when it all begins
  std::vector<Pattern> patterns_;
  std::set<int> pattern_folders_;  // watches
  std::set<std::string> doubles_;  // names of files that are followed by another name
  std::set<std::string> refused_;  // files that match and cannot be opened for now
  std::vector<std::unique_ptr<PipeSource>> pipes_;
  std::size_t next_log_ = 0;  // without following, those before have ended
  bool enough_ = false;       // hold_back() was called
  bool paused_ = false;
  std::optional<Notices> notices_;
  std::multimap<int, std::pair<Follower*, int>> files_;  // by watch: the log and the file's descriptor
  std::multimap<int, std::pair<Follower*, std::string>> folders_;  // by watch: the log and its name there
  // Destroyed before the tables above: a follower's destructor takes its watches out of them.
  std::vector<std::unique_ptr<Follower>> logs_;
  base::Fd again_fd_;  // readable while there is more to read at once
  std::optional<stream::Watch> notice_watch_, again_watch_;
  std::optional<stream::Timer> second_;
};

}  // namespace xlimit::follow
