// SPDX-License-Identifier: MIT
// What stands in the pipe is looked at with tee(2) and taken away once it has been dealt with.
#include "stream/pipe_input.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace xlimit::stream {
namespace {

epoll_event edge(bool on) {
  epoll_event event{};
  event.events = EPOLLET | (on ? EPOLLIN : 0U);
  return event;
}

}  // namespace

std::optional<PipeInput> PipeInput::open(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) return {};
  base::Fd watch{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event event = edge(false);
  int ends[2];
  if (!watch || ::epoll_ctl(watch.get(), EPOLL_CTL_ADD, fd, &event) != 0 ||
      ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return {};
  return PipeInput{fd, std::move(watch), base::Fd{ends[0]}, base::Fd{ends[1]}};
}

// The pipe itself wakes its reader sooner than the edge does.
int PipeInput::fd() {
  if (edged_ != (standing_ > 0)) watch_edge(standing_ > 0);
  return edged_ ? edge_.get() : fd_;
}

// What is there already makes an edge.
void PipeInput::watch_edge(bool on) {
  epoll_event event = edge(on);
  (void)::epoll_ctl(edge_.get(), EPOLL_CTL_MOD, fd_, &event);
  edged_ = on;
}

ssize_t PipeInput::read(std::span<char> into) {
  epoll_event event{};
  const bool closed = edged_ && ::epoll_wait(edge_.get(), &event, 1, 0) > 0 && (event.events & EPOLLHUP) != 0;
  // The copy begins with what was read before.
  const ssize_t copied = ::tee(fd_, copier_.get(), standing_ + into.size(), SPLICE_F_NONBLOCK);
  if (copied <= 0) return copied;
  const auto there = static_cast<std::size_t>(copied);
  drop(copy_.get(), std::min(there, standing_));
  if (there <= standing_) {
    int unread = 0;
    const bool all = ::ioctl(fd_, FIONREAD, &unread) == 0 && static_cast<std::size_t>(unread) <= standing_;
    errno = EAGAIN;
    return closed && all ? 0 : -1;
  }
  const ssize_t got = ::read(copy_.get(), into.data(), there - standing_);
  if (got > 0) standing_ += static_cast<std::size_t>(got);
  return got;
}

// A pipe full of one line that nobody takes out would wait for its end for ever.
std::size_t PipeInput::releasable(std::size_t kept) const {
  return kept > PIPE_BUF ? standing_ : standing_ - std::min(kept, standing_);
}

std::string_view PipeInput::peek(std::size_t size) {
  const ssize_t copied = ::tee(fd_, copier_.get(), size, SPLICE_F_NONBLOCK);
  if (copied <= 0) return {};
  drop(copy_.get(), static_cast<std::size_t>(copied));
  return {dropped_.data(), static_cast<std::size_t>(copied)};
}

void PipeInput::release(std::size_t kept) {
  const std::size_t released = releasable(kept);
  drop(fd_, released);
  standing_ -= released;
  // There may be more than could be copied at once.
  if (edged_) watch_edge(true);
}

// What is known to be there goes in one read(2), which no kill can halve as it can splice(2).
void PipeInput::drop(int fd, std::size_t size) {
  if (dropped_.size() < size) dropped_.resize(size);
  while (size > 0 && ::read(fd, dropped_.data(), size) < 0 && errno == EINTR) continue;
}

}  // namespace xlimit::stream
