// SPDX-License-Identifier: MIT
// Those that come while a walk is under way go with the next.
#include "sockets/sweeper.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/thread.h"

namespace xlimit::sockets {

using base::failed;
using base::Result;

namespace {

constexpr unsigned kTries = 3;

}  // namespace

Result<std::unique_ptr<Sweeper>> Sweeper::open() {
  Result<Diag> diag = Diag::open();
  if (!diag) return failed(diag);
  base::Fd fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!fd) return base::os_error("eventfd");
  std::unique_ptr<Sweeper> sweeper{new Sweeper{std::move(*diag), std::move(fd)}};
  Result<std::thread> thread = base::start_thread([self = sweeper.get()] { self->work(); });
  if (!thread) return failed(thread);
  sweeper->thread_ = std::move(*thread);
  return sweeper;
}

Sweeper::~Sweeper() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Sweeper::add(std::vector<Sweep> sweeps) {
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock,
                  [&] { return error_ || waiting_.empty() || waiting_.size() + sweeps.size() <= kMost; });
    waiting_.insert(waiting_.end(), sweeps.begin(), sweeps.end());
  }
  changed_.notify_all();
}

Result<std::vector<Sweep>> Sweeper::take() {
  eventfd_t count = 0;
  ::eventfd_read(fd(), &count);
  const std::lock_guard lock{mutex_};
  if (error_) return tl::make_unexpected(*error_);
  return std::exchange(done_, {});
}

Result<std::vector<Sweep>> Sweeper::finish() {
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return error_ || (waiting_.empty() && !busy_); });
  }
  return take();
}

void Sweeper::work() {
  std::unique_lock lock{mutex_};
  while (!error_) {
    changed_.wait(lock, [&] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    std::vector<Sweep> sweeps = std::exchange(waiting_, {});
    busy_ = true;
    lock.unlock();
    Result<void> swept = sweep(sweeps);
    lock.lock();
    busy_ = false;
    if (swept)
      done_.insert(done_.end(), sweeps.begin(), sweeps.end());
    else
      error_ = std::move(swept.error());
    ::eventfd_write(fd(), 1);
    changed_.notify_all();
  }
}

Result<void> Sweeper::sweep(std::vector<Sweep>& sweeps) {
  std::vector<ip::Prefix> targets;
  targets.reserve(sweeps.size());
  for (const Sweep& one : sweeps) targets.push_back(one.target);
  Result<std::vector<Toll>> tolls = killer_.kill(targets);
  for (unsigned i = 1; i < kTries && !tolls && tolls.error().code == base::Exit::kTemporary; ++i)
    tolls = killer_.kill(targets);
  if (!tolls) return failed(tolls);
  for (std::size_t i = 0; i < sweeps.size(); ++i) {
    sweeps[i].toll.sockets += (*tolls)[i].sockets;
    sweeps[i].toll.left = (*tolls)[i].left;
  }
  return {};
}

}  // namespace xlimit::sockets
