// SPDX-License-Identifier: MIT
// Ends the connections of many on a thread of its own, one walk of the kernel's table for all that wait: what
// else is to be done need not wait for walks.
//
//   Result<std::unique_ptr<Sweeper>> sweeper = Sweeper::open();
//   (*sweeper)->add(sweeps);
//   stream::Watch done{loop, (*sweeper)->fd(), POLLIN, [&](short) { ... (*sweeper)->take() ... }};
//
// Destroying needs CAP_NET_ADMIN.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "ip/prefix.h"
#include "sockets/killer.h"

namespace xlimit::sockets {

struct Sweep {
  ip::Prefix target;
  Toll toll{};  // grows; what the caller has destroyed himself may stand in it already
};

class Sweeper {
 public:
  // Targets that wait or go with one walk.
  static constexpr std::size_t kMost = 4096;

  // Fails with kUnavailable when the kernel has no sock_diag, with kSystem when there can be no thread.
  static base::Result<std::unique_ptr<Sweeper>> open();
  // Lets the walk that is under way end.
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  // At most kMost. Waits as long as they do not fit beside those that wait already.
  void add(std::vector<Sweep> sweeps);
  // Readable when take() has something to give.
  int fd() const { return done_fd_.get(); }
  // What has been swept, in the order it was added. Fails when a walk did; nothing is swept from then on.
  base::Result<std::vector<Sweep>> take();
  // Waits until everything has been swept, then as take().
  base::Result<std::vector<Sweep>> finish();

 private:
  Sweeper(Diag diag, base::Fd done_fd)
      : diag_(std::move(diag)), killer_(diag_), done_fd_(std::move(done_fd)) {}
  void work();
  base::Result<void> sweep(std::vector<Sweep>& sweeps);

  Diag diag_;  // the thread's own
  Killer killer_;
  base::Fd done_fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Sweep> waiting_, done_;
  bool busy_ = false, stopped_ = false;
  std::optional<base::Error> error_;
  std::thread thread_;
};

}  // namespace xlimit::sockets
