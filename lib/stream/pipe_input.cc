// SPDX-License-Identifier: MIT
// What stands in the pipe is looked at with tee(2) and taken away once it has been dealt with.
#include "stream/pipe_input.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace xlimit::stream {
namespace {

// Half a line, at most PIPE_BUF bytes, takes a page or two of them; its rest comes in portions of which each
// may take another.
constexpr int kRoomy = 8 * PIPE_BUF;

epoll_event edge_of(int fd, bool on) {
  epoll_event event{};
  event.events = EPOLLET | (on ? EPOLLIN : 0U);
  event.data.fd = fd;
  return event;
}

}  // namespace

std::optional<PipeInput> PipeInput::open(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) return {};
  PipeInput input{fd};
  if (!input.prepare()) return {};
  return input;
}

bool PipeInput::prepare() {
  small_ = ::fcntl(fd_, F_GETPIPE_SZ) < kRoomy;
  edge_ = base::Fd{::epoll_create1(EPOLL_CLOEXEC)};
  timer_ = base::Fd{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  if (!edge_ || !timer_) return false;
  epoll_event of_pipe = edge_of(fd_, false), of_timer = edge_of(timer_.get(), true);
  int ends[2];
  if (::epoll_ctl(edge_.get(), EPOLL_CTL_ADD, fd_, &of_pipe) != 0 ||
      ::epoll_ctl(edge_.get(), EPOLL_CTL_ADD, timer_.get(), &of_timer) != 0 ||
      ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return false;
  copy_ = base::Fd{ends[0]};
  copier_ = base::Fd{ends[1]};
  return true;
}

// The pipe itself wakes its reader sooner than the edge does.
int PipeInput::wait_fd() {
  const News news = std::exchange(news_, News::none);
  if (standing_ == 0) {
    if (edged_) watch_edge(false);
    return fd_;
  }
  if (news == News::more) {
    watch_edge(true);
    try_after(settled_ ? kAfterLine : kMeanwhile);
  } else if (news == News::nothing) {
    try_after(std::min(2 * delay_, kMost));
  }
  return edge_.get();
}

// What is there already makes an edge: more than could be copied at once, or that all writers have gone.
void PipeInput::watch_edge(bool on) {
  epoll_event event = edge_of(fd_, on);
  (void)::epoll_ctl(edge_.get(), EPOLL_CTL_MOD, fd_, &event);
  edged_ = on;
}

// True when all writers had gone.
bool PipeInput::take_edge() {
  std::array<epoll_event, 2> events;
  const int count = ::epoll_wait(edge_.get(), events.data(), events.size(), 0);
  return std::any_of(events.begin(), events.begin() + std::max(count, 0), [&](const epoll_event& event) {
    return event.data.fd == fd_ && (event.events & EPOLLHUP) != 0;
  });
}

void PipeInput::try_after(Delay delay) {
  delay_ = delay;
  itimerspec spec{};
  spec.it_value.tv_nsec = std::chrono::nanoseconds{delay}.count();
  (void)::timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

ssize_t PipeInput::read(std::span<char> into) {
  const bool closed = edged_ && take_edge();
  // The copy begins with what was read before.
  const ssize_t copied = ::tee(fd_, copier_.get(), standing_ + into.size(), SPLICE_F_NONBLOCK);
  if (copied <= 0) return copied;
  const auto there = static_cast<std::size_t>(copied);
  drop(copy_.get(), std::min(there, standing_));
  if (there <= standing_) {
    int unread = 0;
    const bool all = ::ioctl(fd_, FIONREAD, &unread) == 0 && static_cast<std::size_t>(unread) <= standing_;
    news_ = News::nothing;
    errno = EAGAIN;
    return closed && all ? 0 : -1;
  }
  const ssize_t got = ::read(copy_.get(), into.data(), there - standing_);
  if (got <= 0) return got;
  standing_ += static_cast<std::size_t>(got);
  settled_ = false;
  news_ = News::more;
  return got;
}

// A pipe full of one line that nobody takes out would wait for its end for ever.
bool PipeInput::can_stay(std::size_t kept) const { return kept <= PIPE_BUF && !small_; }

std::size_t PipeInput::releasable(std::size_t kept) const {
  return can_stay(kept) ? standing_ - std::min(kept, standing_) : standing_;
}

std::string_view PipeInput::peek(std::size_t size) {
  const ssize_t copied = ::tee(fd_, copier_.get(), size, SPLICE_F_NONBLOCK);
  if (copied <= 0) return {};
  drop(copy_.get(), static_cast<std::size_t>(copied));
  return {dropped_.data(), static_cast<std::size_t>(copied)};
}

void PipeInput::release(std::size_t kept) {
  const std::size_t released = releasable(kept);
  settled_ = true;
  if (released == 0) return;
  drop(fd_, released);
  standing_ -= released;
  news_ = News::more;
}

// What is known to be there goes in one read(2), which no kill can halve as it can splice(2).
void PipeInput::drop(int fd, std::size_t size) {
  if (dropped_.size() < size) dropped_.resize(size);
  while (size > 0 && ::read(fd, dropped_.data(), size) < 0 && errno == EINTR) continue;
}

}  // namespace xlimit::stream
