// SPDX-License-Identifier: MIT
// Notices are turned into looks; reading goes in slices, so that a signal is heard while gigabytes are read.
#include "follow/tail.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/path.h"
#include "stream/child.h"

namespace xlimit::follow {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kLongPause{60};

bool is_fifo(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

bool is_pattern(const std::string& path) {
  struct stat status;
  return path.find_first_of("*?[", path.rfind('/') + 1) != std::string::npos &&
         ::stat(path.c_str(), &status) != 0;
}

// Files that match and that rotation did not make of another one that does.
std::vector<std::string> match(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      struct stat status;
      if (::stat(found.gl_pathv[i], &status) == 0 && S_ISREG(status.st_mode))
        paths.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  const std::vector<std::string> all = paths;
  std::erase_if(paths, [&](const std::filesystem::path path) {
    return looks_rotated(path.filename().string()) ||
           std::any_of(all.begin(), all.end(), [&](const std::filesystem::path log) {
             return is_rotated_name(log.filename().string(), path.filename().string());
           });
  });
  return paths;
}

}  // namespace

// stdin, a command's output, or a FIFO. One without a writer is not at its end when following: the next
// writer may come.
struct Tail::Pipe {
  std::string path;
  Follower::Sink sink;
  base::Fd fd;  // empty for stdin
  stream::Lines lines;
  std::optional<stream::Watch> watch;
  bool ended = false;

  // Of a command only.
  std::vector<std::string> words;
  std::optional<stream::Child> child;
  std::chrono::seconds pause{};
  std::chrono::steady_clock::time_point started;
  std::optional<stream::Timer> restart;

  int number() const { return child ? child->fd() : fd ? fd.get() : STDIN_FILENO; }
};

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

base::Result<void> Tail::add(const std::string& path) {
  if (path == "-" || is_fifo(path)) return add_pipe(path);
  return is_pattern(path) ? add_pattern(path) : add_log(path, options_.from);
}

base::Result<void> Tail::add_log(const std::string& path, From from) {
  if (base::Result<void> started = start_notices(); !started) return started;
  auto log = std::make_unique<Follower>(path, open_sink_(path));
  Follower* follower = log.get();
  log->on_open = [this, follower](const LogFile& file) {
    if (const int watch = notices_ ? notices_->watch_file(file.fd()) : -1; watch >= 0)
      files_.insert({watch, {follower, file.fd()}});
  };
  log->on_close = [this](const LogFile& file) {
    std::erase_if(files_, [&](const auto& entry) {
      if (entry.second.second != file.fd()) return false;
      if (files_.count(entry.first) == 1) notices_->forget(entry.first);
      return true;
    });
  };
  if (base::Result<void> begun = begin(*log, from); !begun) return begun;
  if (!log->is_open()) {
    if (!options_.follow) return base::os_error("open '" + path + "'", ENOENT);
    log->warn("'" + path + "' is not there yet, waiting for it");
  }
  watch_folders(*log);  // not before: folders_ must not name one that is given up here
  logs_.push_back(std::move(log));
  return {};
}

base::Result<void> Tail::begin(Follower& log, From from) {
  std::vector<Place> places = options_.places.value_or(std::vector<Place>{});
  std::erase_if(places, [&](const Place& place) { return place.log != log.path(); });
  return places.empty() ? log.begin(from) : log.resume(places);
}

std::vector<Place> Tail::places() const {
  std::vector<Place> all;
  for (const std::unique_ptr<Follower>& log : logs_) {
    const std::vector<Place> places = log->places();
    all.insert(all.end(), places.begin(), places.end());
  }
  return all;
}

base::Result<void> Tail::start_notices() {
  if (!options_.follow || notices_) return {};
  base::Result<Notices> notices = Notices::open();
  if (!notices) return base::failed(notices);
  notices_.emplace(std::move(*notices));
  notice_watch_.emplace(loop_, notices_->fd(), POLLIN, [this](short) {
    notices_->drain([this](int watch) { on_notice(watch); });
    work();
  });
  second_.emplace(loop_, 1s, [this] { on_second(); });
  return {};
}

// Also logs of an earlier run that match no more: what was left of them is read.
base::Result<void> Tail::add_pattern(const std::string& pattern) {
  std::vector<std::string> paths = match(pattern);
  for (const Place& place : options_.places.value_or(std::vector<Place>{})) {
    const bool known = std::find(paths.begin(), paths.end(), place.log) != paths.end();
    if (!known && ::fnmatch(pattern.c_str(), place.log.c_str(), FNM_PATHNAME) == 0)
      paths.push_back(place.log);
  }
  for (const std::string& path : paths) {
    if (base::Result<void> added = add_log(path, options_.from); !added) return added;
  }
  if (!options_.follow && paths.empty()) return base::os_error("open '" + pattern + "'", ENOENT);
  patterns_.push_back(pattern);
  return start_notices();
}

void Tail::look_for_new() {
  for (const std::string& pattern : patterns_) {
    for (const std::string& path : match(pattern)) {
      const bool known =
          std::any_of(logs_.begin(), logs_.end(), [&](const auto& log) { return log->path() == path; });
      if (!known) add_new(path);
    }
  }
}

// One that cannot be opened is warned of once and tried again at every look.
void Tail::add_new(const std::string& path) {
  base::Result<void> added;
  if (const base::Result<LogFile> file = LogFile::open(path); !file)
    added = tl::make_unexpected(file.error());
  else
    added = add_log(path, From::start);
  if (added)
    refused_.erase(path);
  else if (refused_.insert(path).second)
    open_sink_(path).warning(added.error().text + ", skipped for now");
}

// Of those that match a pattern: should one come back, it is found again.
void Tail::drop_deleted(std::chrono::steady_clock::time_point now) {
  std::erase_if(logs_, [&](const std::unique_ptr<Follower>& log) {
    const bool matches = std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string& pattern) {
      return ::fnmatch(pattern.c_str(), log->path().c_str(), FNM_PATHNAME) == 0;
    });
    if (!matches || !log->give_up_deleted(now)) return false;
    std::erase_if(folders_, [&](const auto& entry) { return entry.second == log.get(); });
    return true;
  });
}

// The folder of the name, and of the file that a symbolic link leads to.
void Tail::watch_folders(Follower& log) {
  if (!notices_) return;
  std::error_code ignored;
  const std::filesystem::path target = std::filesystem::weakly_canonical(log.path(), ignored);
  for (const std::string& folder : {base::folder_of(log.path()), base::folder_of(target)}) {
    const int watch = notices_->watch_folder(folder);
    const auto [first, last] = folders_.equal_range(watch);
    const bool had = std::any_of(first, last, [&](const auto& entry) { return entry.second == &log; });
    if (watch >= 0 && !had) folders_.insert({watch, &log});
  }
}

void Tail::on_notice(int watch) {
  if (watch < 0) return on_second();
  const auto [first_file, last_file] = files_.equal_range(watch);
  for (auto entry = first_file; entry != last_file; ++entry) entry->second.first->touch(entry->second.second);
  // Looking up opens files and so adds to files_, but never to folders_.
  const auto [first, last] = folders_.equal_range(watch);
  for (auto entry = first; entry != last; ++entry) entry->second->look_up();
}

void Tail::on_second() {
  const auto now = std::chrono::steady_clock::now();
  look_for_new();
  for (const std::unique_ptr<Follower>& log : logs_) {
    watch_folders(*log);
    log->look_up();
    log->touch_all();
    log->expire(now);
  }
  drop_deleted(now);
  work();
}

// Reads a slice of each source that has something, and comes back while there is more.
void Tail::work() {
  std::uint64_t count = 0;
  const bool more = read_logs();
  const ssize_t moved = more ? ::write(again_fd_.get(), "\1\0\0\0\0\0\0", sizeof count)
                             : ::read(again_fd_.get(), &count, sizeof count);
  static_cast<void>(moved);  // EAGAIN either way: it is as it should be
  on_read_();
  if (!more && all_ended()) loop_.stop();
}

bool Tail::read_logs() {
  if (options_.follow) {
    bool more = false;
    for (const std::unique_ptr<Follower>& log : logs_) more = log->read() || more;
    return more;
  }
  while (ended_logs_ < logs_.size()) {
    if (logs_[ended_logs_]->read()) return true;
    if (!options_.resumed_later) logs_[ended_logs_]->finish();
    ++ended_logs_;
  }
  return false;
}

bool Tail::all_ended() const {
  const bool none = logs_.empty() && patterns_.empty();  // a pattern is waited for like a log
  const bool logs = none || (!options_.follow && ended_logs_ == logs_.size());
  return logs && std::all_of(pipes_.begin(), pipes_.end(), [](const auto& pipe) { return pipe->ended; });
}

base::Result<void> Tail::add_pipe(const std::string& path) {
  auto pipe = std::make_unique<Pipe>();
  pipe->path = path;
  pipe->lines = stream::Lines{stream::Lines::AtEnd::finish, path};
  pipe->sink = open_sink_(path);
  if (path != "-") {
    pipe->fd = base::Fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (!pipe->fd) return base::os_error("open '" + path + "'");
  }
  watch(*pipe);
  pipes_.push_back(std::move(pipe));
  return {};
}

void Tail::watch(Pipe& pipe) {
  pipe.watch.reset();
  pipe.watch.emplace(loop_, pipe.number(), POLLIN, [this, &pipe](short) { read_pipe(pipe); });
}

void Tail::read_pipe(Pipe& pipe) {
  const base::Result<stream::ReadState> state = pipe.lines.read(pipe.number(), pipe.sink.piece);
  if (!state) return loop_.stop(state.error());
  if (*state == stream::ReadState::ended) end_pipe(pipe);
  if (!loop_.stopped()) work();
}

void Tail::end_pipe(Pipe& pipe) {
  if (pipe.child) return end_command(pipe);
  if (!pipe.fd || !options_.follow) {
    pipe.ended = true;
    return pipe.watch->pause();
  }
  // The new descriptor comes before the old one goes: a writer that opens in between must find a reader. A
  // fresh descriptor does not report the hang-up of writers before it, so poll(2) waits.
  base::Fd fresh{::open(pipe.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (!fresh) return loop_.stop(base::make_os_error("open '" + pipe.path + "'", errno));
  pipe.watch.reset();
  pipe.fd = std::move(fresh);
  watch(pipe);
}

base::Result<void> Tail::add_command(const std::vector<std::string>& words) {
  auto pipe = std::make_unique<Pipe>();
  for (const std::string& word : words) pipe->path += (pipe->path.empty() ? "" : " ") + word;
  pipe->words = words;
  pipe->lines = stream::Lines{stream::Lines::AtEnd::finish, pipe->path};
  base::Result<stream::Child> child = stream::Child::start(words);
  if (!child) return base::failed(child);
  pipe->sink = open_sink_(pipe->path);
  pipe->child.emplace(std::move(*child));
  pipe->started = std::chrono::steady_clock::now();
  watch(*pipe);
  pipes_.push_back(std::move(pipe));
  return {};
}

// Its output is closed. One that ran for a while is started again soon, one that fails at once ever later.
void Tail::end_command(Pipe& pipe) {
  pipe.watch->pause();
  const std::string how = pipe.child->end();
  const bool bad = how != "exit code 0";
  if (!options_.follow) {
    pipe.ended = true;
    if (bad) loop_.stop(base::Error{base::Exit::kUnavailable, "'" + pipe.path + "' ended with " + how});
    return;
  }
  const bool lasted = std::chrono::steady_clock::now() - pipe.started > kLongPause;
  pipe.pause = lasted ? 1s : std::clamp(pipe.pause * 2, std::chrono::seconds{1s}, kLongPause);
  pipe.sink.warning("'" + pipe.path + "' ended with " + how + ", starting it again in " +
                    std::to_string(pipe.pause.count()) + " s");
  pipe.restart.emplace(loop_, pipe.pause, [this, &pipe] { restart_command(pipe); });
}

void Tail::restart_command(Pipe& pipe) {
  base::Result<stream::Child> child = stream::Child::start(pipe.words);
  if (!child) return pipe.sink.warning(child.error().text);
  pipe.restart.reset();
  pipe.watch.reset();
  pipe.child.emplace(std::move(*child));
  pipe.started = std::chrono::steady_clock::now();
  watch(pipe);
}

}  // namespace xlimit::follow
