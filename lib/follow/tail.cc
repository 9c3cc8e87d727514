// SPDX-License-Identifier: MIT
// Notices are turned into looks; reading goes in slices, so that a signal is heard while gigabytes are read.
#include "follow/tail.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/path.h"

namespace xlimit::follow {
namespace {

using namespace std::chrono_literals;

// Slices between two looks at signals and notices: under a millisecond.
constexpr int kSlices = 8;

}  // namespace

Tail::Tail(stream::Loop& loop, Options options,
           std::function<Follower::Sink(const std::string& name)> open_sink, std::function<void()> on_read)
    : loop_(loop),
      options_(std::move(options)),
      open_sink_(std::move(open_sink)),
      on_read_(std::move(on_read)),
      again_fd_(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)) {
  again_watch_.emplace(loop_, again_fd_.get(), POLLIN, [this](short) { work(); });
}

Tail::~Tail() = default;

base::Result<void> Tail::add_command(const std::vector<std::string>& words) {
  std::string name;
  for (const std::string& word : words) name += (name.empty() ? "" : " ") + word;
  return add_pipe(PipeSource::run(loop_, words, options_.follow, handle(name)));
}

PipeSource::Handlers Tail::handle(const std::string& name) {
  Follower::Sink sink = open_sink_(name);
  return {.piece = std::move(sink.piece), .warning = std::move(sink.warning), .on_read = [this] { work(); }};
}

base::Result<void> Tail::add_pipe(base::Result<std::unique_ptr<PipeSource>> pipe) {
  if (!pipe) return base::failed(pipe);
  if (paused_) (*pipe)->pause();
  pipes_.push_back(std::move(*pipe));
  return {};
}

void Tail::watch_files(Follower& log) {
  log.is_taken = [this, &log](const Identity& file) { return is_taken(log.path(), file); };
  log.find_read = [this](const LogFile& file) { return find_read(file); };
  log.on_open = [this, follower = &log](const LogFile& file) {
    if (const int watch = notices_ ? notices_->watch_file(file.fd()) : -1; watch >= 0)
      files_.insert({watch, {follower, file.fd()}});
  };
  log.on_close = [this](const LogFile& file) {
    std::erase_if(files_, [&](const auto& entry) {
      if (entry.second.second != file.fd()) return false;
      if (files_.count(entry.first) == 1) notices_->forget(entry.first);
      return true;
    });
  };
}

base::Result<void> Tail::begin(Follower& log, From from, std::int64_t since) {
  const LogState* earlier = options_.state ? options_.state->find(log.path()) : nullptr;
  if (earlier == nullptr) return since != 0 ? log.begin(from, since) : log.begin(from);
  LogState all = *earlier;
  for (const std::string& name : log.names()) {  // those may have been logs of their own
    const LogState* more = name == log.path() ? nullptr : options_.state->find(name);
    if (more == nullptr) continue;
    all.open.insert(all.open.begin(), more->open.begin(), more->open.end());
    all.done.insert(all.done.begin(), more->done.begin(), more->done.end());
  }
  return log.resume(all);
}

std::size_t Tail::open() const {
  std::size_t count = pipes_.size();
  for (const std::unique_ptr<Follower>& log : logs_) count += log->open();
  return count;
}

void Tail::append_state(std::string& text) const {
  for (const std::unique_ptr<Follower>& log : logs_) log->append_state(text);
  for (const Pattern& pattern : patterns_) append(text, pattern);
  text += set_aside_;
}

base::Result<void> Tail::start_notices() {
  if (!options_.follow || notices_) return {};
  base::Result<Notices> notices = Notices::open();
  if (!notices) return base::failed(notices);
  notices_.emplace(std::move(*notices));
  notice_watch_.emplace(loop_, notices_->fd(), POLLIN, [this](short) { take_notices(); });
  second_.emplace(loop_, 1s, [this] { on_second(); });
  return {};
}

// The folder of the name, and of the file that a symbolic link leads to.
void Tail::watch_folders(Follower& log) {
  if (!notices_) return;
  std::error_code ignored;
  const std::filesystem::path target = std::filesystem::weakly_canonical(log.path(), ignored);
  for (const std::filesystem::path& path : {std::filesystem::path{log.path()}, target}) {
    const int watch = notices_->watch_folder(base::folder_of(path.string()));
    const auto [first, last] = folders_.equal_range(watch);
    const auto entry = std::pair{&log, path.filename().string()};
    const bool had = std::any_of(first, last, [&](const auto& one) { return one.second == entry; });
    if (watch >= 0 && !had) folders_.insert({watch, entry});
  }
}

// One look is enough for all the names that move when a log is rotated.
void Tail::take_notices() {
  std::map<Follower*, bool> moved;  // whether rotated files have changed, too
  bool dropped = false, appeared = false;
  notices_->drain([&](int watch, std::string_view name) {
    dropped = dropped || watch < 0;
    appeared = appeared || is_new_match(watch, name);
    const auto [first, last] = files_.equal_range(watch);
    for (auto entry = first; entry != last; ++entry) touch(*entry->second.first, entry->second.second);
    const auto [log, end] = folders_.equal_range(watch);
    for (auto entry = log; entry != end; ++entry) {
      const auto& [follower, own] = entry->second;
      const bool rotated = is_rotated_name(own, name);
      if (rotated || name == own) moved[follower] = moved[follower] || rotated;
    }
  });
  if (dropped) return on_second();
  if (appeared) look_for_new();
  for (const auto& [log, rotated] : moved) rotated ? log->look_around() : log->look_up();
  work();
}

void Tail::touch(Follower& log, int fd) {
  log.touch(fd);
  if (paused_) log.look();
}

void Tail::on_second() {
  const auto now = std::chrono::steady_clock::now();
  for (const std::unique_ptr<Follower>& log : logs_) {
    watch_folders(*log);
    log->look_up();
    log->touch_all();
    log->expire(now);
    if (paused_) log->look();
  }
  look_for_new();
  if (!paused_) drop_deleted(now);
  work();
}

// Whichever of them is giving lines just now.
void Tail::hold_back() {
  enough_ = true;
  for (const std::unique_ptr<Follower>& log : logs_) log->hold_back();
  for (const std::unique_ptr<PipeSource>& pipe : pipes_) pipe->hold_back();
}

void Tail::pause() {
  paused_ = true;
  again_watch_->pause();
  for (const std::unique_ptr<PipeSource>& pipe : pipes_) pipe->pause();
}

void Tail::resume() {
  paused_ = false;
  again_watch_->resume();
  for (const std::unique_ptr<PipeSource>& pipe : pipes_) pipe->resume();
  work();
}

// Reads some slices, and comes back while there is more.
void Tail::work() {
  if (enough_) settle();  // a pipe gave all that may be gathered
  bool more = true;
  for (int slices = 0; more && slices < kSlices && !paused_ && !loop_.stopped(); ++slices) {
    more = read_slices();
    settle();
  }
  if (paused_ || loop_.stopped()) return;
  std::uint64_t count = 0;
  const ssize_t moved = more ? ::write(again_fd_.get(), "\1\0\0\0\0\0\0", sizeof count)
                             : ::read(again_fd_.get(), &count, sizeof count);
  static_cast<void>(moved);  // EAGAIN either way: it is as it should be
  if (!more && all_ended()) loop_.stop();
}

void Tail::settle() {
  enough_ = false;
  on_read_();
}

// A slice of each source that has something, until it is enough.
bool Tail::read_slices() {
  bool more = false;
  for (const std::unique_ptr<PipeSource>& pipe : pipes_) {
    if (pipe->holds() && !enough_) pipe->give_held();
    more = more || pipe->holds();
  }
  return (!enough_ && read_logs()) || more || enough_;
}

bool Tail::read_logs() {
  if (options_.follow) {
    bool more = false;
    for (std::size_t count = 0; count < logs_.size() && !enough_; ++count) {
      next_log_ = (next_log_ + 1) % logs_.size();
      more = logs_[next_log_]->read() || more;
    }
    return more;
  }
  while (next_log_ < logs_.size()) {
    if (logs_[next_log_]->read()) return true;
    if (!options_.resumed_later) logs_[next_log_]->finish(true);
    ++next_log_;
  }
  return false;
}

void Tail::finish() {
  if (options_.resumed_later) return;
  for (const auto& log : logs_) log->finish(false);
}

bool Tail::all_ended() const {
  const bool none = logs_.empty() && patterns_.empty();  // a pattern is waited for like a log
  const bool logs = none || (!options_.follow && next_log_ == logs_.size());
  return logs && std::all_of(pipes_.begin(), pipes_.end(), [](const auto& pipe) { return pipe->ended(); });
}

}  // namespace xlimit::follow
