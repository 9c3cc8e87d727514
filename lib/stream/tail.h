// SPDX-License-Identifier: MIT
// Reads logs, pipes and stdin side by side on one loop.
//
//   stream::Tail tail{loop, {.follow = true}, [&] { flush(); }};
//   if (auto added = tail.add(path, sink); !added) return failed(added);
//   loop.run();
//
// Event driven: inotify says when to look. A look a second is the net below, for file systems that tell
// nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "stream/follow.h"
#include "stream/loop.h"
#include "stream/notices.h"

namespace xlimit::stream {

class Tail {
 public:
  struct Options {
    bool follow = true;  // else: read to the end; the loop is stopped when every source has ended
    From from = From::end;
  };

  // `on_drained`: everything there is was given.
  Tail(Loop& loop, Options options, std::function<void()> on_drained);
  ~Tail();

  // A file, a FIFO, or "-" for stdin. A file that is not there is waited for when following, with a warning;
  // otherwise it is an error, as is a folder or one that must not be read.
  base::Result<void> add(const std::string& path, Follower::Sink sink);

  // The sources have ended: the last half lines are judged. Following, they are left, because their rest may
  // still be written.
  void finish();

 private:
  struct Pipe;
  base::Result<void> add_log(const std::string& path, Follower::Sink sink);
  base::Result<void> add_pipe(const std::string& path, Follower::Sink sink);
  base::Result<void> start_notices();
  void watch_folders(Follower& log);
  void on_notice(int watch);
  void on_second();
  void work();
  bool read_logs();
  void read_pipe(Pipe& pipe);
  bool all_ended() const;

  Loop& loop_;
  Options options_;
  std::function<void()> on_drained_;
  std::vector<std::unique_ptr<Follower>> logs_;
  std::vector<std::unique_ptr<Pipe>> pipes_;
  std::size_t ended_logs_ = 0;  // without following, those before have ended
  std::optional<Notices> notices_;
  std::multimap<int, std::pair<Follower*, int>> files_;  // by watch: the log and the file's descriptor
  std::multimap<int, Follower*> folders_;
  base::Fd again_fd_;  // readable while there is more to read at once
  std::optional<Watch> notice_watch_, again_watch_;
  std::optional<Timer> second_;
};

}  // namespace xlimit::stream
