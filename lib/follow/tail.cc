// SPDX-License-Identifier: MIT
// Notices are turned into looks; reading goes in slices, so that a signal is heard while gigabytes are read.
#include "follow/tail.h"

#include <fnmatch.h>
#include <glob.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/path.h"

namespace xlimit::follow {
namespace {

using namespace std::chrono_literals;

// Slices between two looks at signals and notices: under a millisecond.
constexpr int kSlices = 8;

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
  if (path == "-" || is_fifo(path))
    return add_pipe(PipeSource::open(loop_, path, options_.follow, handle(path)));
  return is_pattern(path) ? add_pattern(path) : add_log(path, options_.from);
}

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

base::Result<void> Tail::add_log(const std::string& path, From from) {
  if (base::Result<void> started = start_notices(); !started) return started;
  auto log = std::make_unique<Follower>(path, open_sink_(path));
  watch_files(*log);
  if (base::Result<void> begun = begin(*log, from); !begun) return begun;
  if (log->open() == 0) {
    if (!options_.follow) return base::os_error("open '" + path + "'", ENOENT);
    log->warn("'" + path + "' is not there yet, waiting for it");
  }
  watch_folders(*log);                  // not before: folders_ must not name one that is given up here
  if (options_.follow) log->look_up();  // what happened before the folder was watched
  logs_.push_back(std::move(log));
  return {};
}

void Tail::watch_files(Follower& log) {
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

base::Result<void> Tail::begin(Follower& log, From from) {
  const LogState* earlier = options_.state ? options_.state->find(log.path()) : nullptr;
  return earlier != nullptr ? log.resume(*earlier) : log.begin(from);
}

std::size_t Tail::open() const {
  std::size_t count = pipes_.size();
  for (const std::unique_ptr<Follower>& log : logs_) count += log->open();
  return count;
}

void Tail::append_state(std::string& text) const {
  for (const std::unique_ptr<Follower>& log : logs_) log->append_state(text);
  for (const std::string& pattern : patterns_) append_pattern(text, pattern);
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

// Also logs of an earlier run that match no more: what was left of them is read. Those that an earlier run
// with the same pattern did not see appeared since.
base::Result<void> Tail::add_pattern(const std::string& pattern) {
  std::vector<std::string> paths = match(pattern);
  From from = options_.from;
  if (options_.state) {
    const std::vector<std::string>& earlier = options_.state->patterns;
    if (std::find(earlier.begin(), earlier.end(), pattern) != earlier.end()) from = From::start;
    for (const LogState& log : options_.state->logs) {
      const bool known = std::find(paths.begin(), paths.end(), log.log) != paths.end();
      if (!known && ::fnmatch(pattern.c_str(), log.log.c_str(), FNM_PATHNAME) == 0) paths.push_back(log.log);
    }
  }
  for (const std::string& path : paths) {
    if (base::Result<void> added = add_log(path, from); !added) return added;
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

bool Tail::matches(const std::string& path) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
}

// Of those that match a pattern: should one come back, it is found again.
void Tail::drop_deleted(std::chrono::steady_clock::time_point now) {
  std::erase_if(logs_, [&](const std::unique_ptr<Follower>& log) {
    if (!matches(log->path()) || !log->give_up_deleted(now)) return false;
    std::erase_if(folders_, [&](const auto& entry) { return entry.second.first == log.get(); });
    return true;
  });
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
  bool dropped = false;
  notices_->drain([&](int watch, std::string_view name) {
    dropped = dropped || watch < 0;
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
  for (const auto& [log, rotated] : moved) rotated ? log->look_around() : log->look_up();
  work();
}

void Tail::touch(Follower& log, int fd) {
  log.touch(fd);
  if (paused_) log.look();
}

void Tail::on_second() {
  const auto now = std::chrono::steady_clock::now();
  look_for_new();
  for (const std::unique_ptr<Follower>& log : logs_) {
    watch_folders(*log);
    log->look_up();
    log->touch_all();
    log->expire(now);
    if (paused_) log->look();
  }
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
    if (!options_.resumed_later) logs_[next_log_]->finish();
    ++next_log_;
  }
  return false;
}

bool Tail::all_ended() const {
  const bool none = logs_.empty() && patterns_.empty();  // a pattern is waited for like a log
  const bool logs = none || (!options_.follow && next_log_ == logs_.size());
  return logs && std::all_of(pipes_.begin(), pipes_.end(), [](const auto& pipe) { return pipe->ended(); });
}

}  // namespace xlimit::follow
