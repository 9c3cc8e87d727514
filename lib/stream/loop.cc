// SPDX-License-Identifier: MIT
// poll(2), deadlines, and signals as a descriptor.
#include "stream/loop.h"

#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>

namespace xlimit::stream {

using std::chrono::steady_clock;

base::Result<void> Loop::run() {
  while (!stopped_) {
    polled_.clear();
    called_.clear();
    for (Watch* watch : watches_) {
      if (watch == nullptr) continue;
      polled_.push_back({watch->paused_ ? -1 : watch->fd_, watch->events_, 0});
      called_.push_back(watch);
    }
    if (::poll(polled_.data(), polled_.size(), next_timeout()) < 0 && errno != EINTR)
      return base::os_error("poll");
    call_watches();
    call_timers();
    std::erase(watches_, nullptr);
    std::erase(timers_, nullptr);
  }
  return std::move(result_);
}

void Loop::stop(base::Error error) {
  result_ = tl::make_unexpected(std::move(error));
  stopped_ = true;
}

int Loop::next_timeout() const {
  std::optional<steady_clock::time_point> due;
  for (const Timer* timer : timers_) {
    if (timer != nullptr && (!due || timer->due_ < *due)) due = timer->due_;
  }
  if (!due) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT32_MAX));
}

void Loop::call_watches() {
  for (std::size_t i = 0; i < called_.size() && !stopped_; ++i) {
    if (polled_[i].revents == 0) continue;
    // A handler may have removed a later watch: it is still called only if it is still registered.
    const bool alive = std::find(watches_.begin(), watches_.end(), called_[i]) != watches_.end();
    if (alive) called_[i]->handler_(polled_[i].revents);
  }
}

void Loop::call_timers() {
  const auto now = steady_clock::now();
  for (std::size_t i = 0; i < timers_.size() && !stopped_; ++i) {
    Timer* timer = timers_[i];
    if (timer == nullptr || timer->due_ > now) continue;
    timer->due_ = now + timer->period_;
    timer->handler_();
  }
}

Watch::Watch(Loop& loop, int fd, short events, std::function<void(short)> handler)
    : loop_(loop), fd_(fd), events_(events), handler_(std::move(handler)) {
  loop_.watches_.push_back(this);
}

Watch::~Watch() {
  std::replace(loop_.watches_.begin(), loop_.watches_.end(), this, static_cast<Watch*>(nullptr));
}

Timer::Timer(Loop& loop, std::chrono::milliseconds period, std::function<void()> handler)
    : loop_(loop), period_(period), due_(steady_clock::now() + period), handler_(std::move(handler)) {
  loop_.timers_.push_back(this);
}

Timer::~Timer() {
  std::replace(loop_.timers_.begin(), loop_.timers_.end(), this, static_cast<Timer*>(nullptr));
}

namespace {

base::Fd open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return base::Fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
}

}  // namespace

// The signal is left in the descriptor: whoever waits outside the loop must see it too.
Signals::Signals(Loop& loop)
    : fd_(open_signals()), watch_(loop, fd_.get(), POLLIN, [&loop](short) { loop.stop(); }) {}

}  // namespace xlimit::stream
