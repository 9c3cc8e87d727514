// SPDX-License-Identifier: MIT
// A FIFO is opened anew when its writers are gone, a program is started anew when it has ended.
#include "follow/pipe_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace xlimit::follow {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kLongPause{60};

}  // namespace

PipeSource::PipeSource(stream::Loop& loop, std::string name, bool follow, Handlers handlers)
    : loop_(loop),
      name_(std::move(name)),
      follow_(follow),
      handlers_(std::move(handlers)),
      lines_(stream::Lines::AtEnd::finish, name_) {}

base::Result<std::unique_ptr<PipeSource>> PipeSource::open(stream::Loop& loop, const std::string& path,
                                                           bool follow, Handlers handlers) {
  std::unique_ptr<PipeSource> source{new PipeSource{loop, path, follow, std::move(handlers)}};
  if (path != "-") {
    source->fd_ = base::Fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (!source->fd_) return base::os_error("open '" + path + "'");
  }
  source->watch();
  return source;
}

base::Result<std::unique_ptr<PipeSource>> PipeSource::run(stream::Loop& loop, std::vector<std::string> words,
                                                          bool follow, Handlers handlers) {
  std::string name;
  for (const std::string& word : words) name += (name.empty() ? "" : " ") + word;
  base::Result<stream::Child> child = stream::Child::start(words);
  if (!child) return base::failed(child);
  std::unique_ptr<PipeSource> source{new PipeSource{loop, name, follow, std::move(handlers)}};
  source->words_ = std::move(words);
  source->child_.emplace(std::move(*child));
  source->started_ = std::chrono::steady_clock::now();
  source->watch();
  return source;
}

void PipeSource::watch() {
  watch_.reset();
  watch_.emplace(loop_, number(), POLLIN, [this](short) { read(); });
  if (paused_) watch_->pause();
}

void PipeSource::pause() {
  paused_ = true;
  if (watch_) watch_->pause();
}

void PipeSource::resume() {
  paused_ = false;
  if (watch_ && !ended_ && !restart_) watch_->resume();
}

void PipeSource::give_held() {
  giving_ = true;
  lines_.go_on(handlers_.piece);
  giving_ = false;
}

void PipeSource::read() {
  giving_ = true;
  const base::Result<stream::ReadState> state = lines_.read(number(), handlers_.piece);
  giving_ = false;
  if (!state) return loop_.stop(state.error());
  if (*state == stream::ReadState::ended) end();
  if (!loop_.stopped()) handlers_.on_read();
}

void PipeSource::end() {
  if (child_) return end_child();
  if (!fd_ || !follow_) {
    ended_ = true;
    return watch_->pause();
  }
  // The new descriptor comes before the old one goes: a writer that opens in between must find a reader. A
  // fresh descriptor does not report the hang-up of writers before it, so poll(2) waits.
  base::Fd fresh{::open(name_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (!fresh) return loop_.stop(base::make_os_error("open '" + name_ + "'", errno));
  watch_.reset();
  fd_ = std::move(fresh);
  watch();
}

// Its output is closed.
void PipeSource::end_child() {
  watch_->pause();
  const std::string how = child_->end();
  const bool bad = how != "exit code 0";
  if (!follow_) {
    ended_ = true;
    if (bad) loop_.stop(base::Error{base::Exit::kUnavailable, "'" + name_ + "' ended with " + how});
    return;
  }
  if (std::chrono::steady_clock::now() - started_ > kLongPause) pause_ = {};
  restart_later("'" + name_ + "' ended with " + how);
}

// One that ran for a while is started again soon, one that fails at once ever later.
void PipeSource::restart_later(const std::string& why) {
  pause_ = std::clamp(pause_ * 2, std::chrono::seconds{1s}, kLongPause);
  handlers_.warning(why + ", starting it again in " + std::to_string(pause_.count()) + " s");
  restart_.emplace(loop_, pause_, [this] { restart(); });
}

void PipeSource::restart() {
  base::Result<stream::Child> child = stream::Child::start(words_);
  if (!child) return restart_later(child.error().text);
  restart_.reset();
  watch_.reset();
  child_.emplace(std::move(*child));
  started_ = std::chrono::steady_clock::now();
  watch();
}

}  // namespace xlimit::follow
