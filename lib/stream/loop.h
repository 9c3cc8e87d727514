// SPDX-License-Identifier: MIT
// The one loop of a process: waits for descriptors and deadlines and calls small handlers.
//
//   stream::Loop loop;
//   stream::Signals signals{loop};               // TERM, INT, HUP end the loop
//   stream::Watch input{loop, fd, POLLIN, [&](short) { ... }};
//   stream::Timer timer{loop, 1s, [&] { ... }};  // every second
//   const Result<void> ended = loop.run();
//
// Watches and timers register in their constructor and leave in their destructor, also from inside a handler.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::stream {

class Watch;
class Timer;

class Loop {
 public:
  // Calls handlers until stop(). Fails with the error given to stop(error), or when poll(2) fails.
  base::Result<void> run();
  void stop() { stopped_ = true; }
  void stop(base::Error error);
  bool stopped() const { return stopped_; }

 private:
  friend class Watch;
  friend class Timer;
  int next_timeout() const;
  void call_watches();
  void call_timers();

  std::vector<Watch*> watches_;  // holes (nullptr) are closed between rounds
  std::vector<Timer*> timers_;
  std::vector<pollfd> polled_;
  std::vector<Watch*> called_;
  bool stopped_ = false;
  base::Result<void> result_;
};

// Calls `handler` with the poll(2) bits that are set among `events`, POLLERR and POLLHUP. Watches are called
// in the order they were made.
class Watch {
 public:
  Watch(Loop& loop, int fd, short events, std::function<void(short)> handler);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  void pause() { paused_ = true; }
  void resume() { paused_ = false; }
  // Waits for another descriptor from now on.
  void watch(int fd) { fd_ = fd; }

 private:
  friend class Loop;
  Loop& loop_;
  int fd_;
  short events_;
  bool paused_ = false;
  std::function<void(short)> handler_;
};

// Calls `handler` every `period`, by the monotonic clock. A late timer is called once, not once a period
// missed.
class Timer {
 public:
  Timer(Loop& loop, std::chrono::milliseconds period, std::function<void()> handler);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  friend class Loop;
  Loop& loop_;
  std::chrono::milliseconds period_;
  std::chrono::steady_clock::time_point due_;
  std::function<void()> handler_;
};

// Blocks TERM, INT and HUP, turns them into a readable descriptor and stops the loop when one arrives; PIPE
// is ignored. Make it before any thread and before the first Output.
class Signals {
 public:
  explicit Signals(Loop& loop);
  // Readable once a signal has arrived, for those who wait outside the loop (Output does).
  int fd() const { return fd_.get(); }

 private:
  base::Fd fd_;
  Watch watch_;
};

}  // namespace xlimit::stream
