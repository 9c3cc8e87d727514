// SPDX-License-Identifier: MIT
// Which files are followed: names, patterns, and each file once.
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/path.h"
#include "follow/tail.h"

namespace xlimit::follow {
namespace {

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
  std::erase_if(paths, [&](const std::filesystem::path& path) {
    return looks_rotated(path.filename().string()) ||
           std::any_of(all.begin(), all.end(), [&](const std::filesystem::path& log) {
             return is_rotated_name(log.filename().string(), path.filename().string());
           });
  });
  return paths;
}

// Nanoseconds since 1970.
std::int64_t wall_clock() {
  return std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
}

std::filesystem::path real(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(path, unknown), unknown);
}

}  // namespace

base::Result<void> Tail::add(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (path == "-" || is_fifo(path)) continue;
    const Logs found = is_pattern(path) ? find_logs(path) : Logs{path};
    asked_.insert(asked_.end(), found.begin(), found.end());
  }
  claim();
  for (const std::string& path : paths) {
    if (base::Result<void> added = add(path); !added) return added;
  }
  set_aside();
  claimed_.clear();
  options_.state.reset();
  return {};
}

// Also logs of an earlier run that match no more: what was left of them is read, as long as anything was.
Logs Tail::find_logs(const std::string& pattern) const {
  Logs paths = match(pattern);
  if (!options_.state) return paths;
  for (const LogState& log : options_.state->logs) {
    const bool known = std::find(paths.begin(), paths.end(), log.log) != paths.end();
    const bool over = log.open.empty() && log.done.empty();
    if (known || over || ::fnmatch(pattern.c_str(), log.log.c_str(), FNM_PATHNAME) != 0) continue;
    paths.push_back(log.log);
  }
  return paths;
}

// The places of logs that an earlier run read and this one does not: a later one may go on from there.
void Tail::set_aside() {
  if (!options_.state) return;
  std::size_t kept = 0;
  for (const LogState& log : options_.state->logs) {
    if (matches(log.log) || find_same(log.log) != nullptr) continue;
    if (++kept <= kMostSetAside) append(set_aside_, log);
  }
  if (kept > kMostSetAside && options_.warning)
    options_.warning("places in more than " + std::to_string(kMostSetAside) +
                     " logs that are not asked for: " + std::to_string(kept - kMostSetAside) + " dropped");
}

base::Result<void> Tail::add(const std::string& path) {
  if (path == "-" || is_fifo(path))
    return add_pipe(PipeSource::open(loop_, path, options_.follow, handle(path)));
  return is_pattern(path) ? add_pattern(path) : add_log(path, options_.from, Asked::by_name);
}

// The log that this name leads to as well; by the names, too, because files move between two looks.
Follower* Tail::find_same(const std::string& path) const {
  const base::Result<Facts> there = look_at(path);
  const std::filesystem::path name = real(path);
  const auto same = std::find_if(logs_.begin(), logs_.end(), [&](const auto& log) {
    const base::Result<Facts> other = look_at(log->path());
    return (there && other && there->file.same_inode(other->file)) || real(log->path()) == name;
  });
  return same == logs_.end() ? nullptr : same->get();
}

// Did rotation make it of another one that is asked for, as far as the names tell?
bool Tail::is_rotated(const std::string& path) const {
  return std::any_of(asked_.begin(), asked_.end(),
                     [&](const std::string& log) { return is_rotated_path(log, path); });
}

// By number, because a name that is added may have rotated ones of its own that were asked for.
void Tail::add_names(Follower& log) const {
  for (std::size_t i = 0; i < log.names().size(); ++i) {
    for (const std::string& path : asked_) {
      if (is_rotated_path(log.names()[i], path)) log.add_name(path);
    }
  }
}

// `since`: as in Pattern.
base::Result<void> Tail::add_log(const std::string& path, From from, Asked asked, std::int64_t since) {
  if (base::Result<void> started = start_notices(); !started) return started;
  const base::Result<Facts> there = look_at(path);
  const bool required = asked == Asked::by_name && !options_.follow;
  const auto missing = [&] { return base::os_error("open '" + path + "'", ENOENT); };
  if (is_rotated(path)) {
    if (required && !there) return missing();
    return {};
  }
  if (Follower* same = find_same(path)) {
    if (required && !there && same->open() == 0) return missing();
    if (path != same->path()) doubles_.insert(path);
    return {};
  }
  const bool known = options_.state && options_.state->find(path) != nullptr;
  if (!known && there && is_taken(path, there->file)) {  // renamed, and the log that it was goes on with it
    doubles_.insert(path);
    return {};
  }
  auto log = std::make_unique<Follower>(path, open_sink_(path));
  add_names(*log);
  watch_files(*log);
  if (base::Result<void> begun = begin(*log, from, since); !begun) return begun;
  const bool taken = there && is_taken(path, there->file);
  if (log->open() == 0 && !taken) {  // what is known of it was told
    if (required) return missing();
    if (options_.follow) log->warn("'" + path + "' is not there yet, waiting for it");
  }
  watch_folders(*log);  // not before: folders_ must not name one that is given up here
  if (options_.follow || since != 0) log->look_up();  // what happened before the folder was watched
  logs_.push_back(std::move(log));
  return {};
}

// Those that an earlier run with the same pattern did not see appeared since, and may have been rotated
// since.
base::Result<void> Tail::add_pattern(const std::string& pattern) {
  Pattern since{pattern, wall_clock()};
  if (base::Result<void> started = start_notices(); !started) return started;
  if (notices_) pattern_folders_.insert(notices_->watch_folder(base::folder_of(pattern)));
  const Logs paths = find_logs(pattern);
  From from = options_.from;
  bool resumed = false;
  if (options_.state) {
    for (const Pattern& earlier : options_.state->patterns) {
      if (earlier.path != pattern) continue;
      from = From::start;
      resumed = earlier.since != 0;
      if (resumed) since = earlier;
    }
  }
  for (const std::string& path : paths) {
    if (base::Result<void> added = add_log(path, from, Asked::by_pattern, resumed ? since.since : 0); !added)
      return added;
  }
  if (!options_.follow && paths.empty()) return base::os_error("open '" + pattern + "'", ENOENT);
  patterns_.push_back(std::move(since));
  return {};
}

// Also names that led to the same file as others, and may do so no more.
void Tail::look_for_new() {
  std::erase_if(doubles_, [&](const std::string& path) { return matches(path) && !look_at(path); });
  for (const std::string& path : doubles_) look_at_double(path);
  for (const Pattern& pattern : patterns_) {
    for (const std::string& path : match(pattern.path)) {
      const bool known =
          std::any_of(logs_.begin(), logs_.end(), [&](const auto& log) { return log->path() == path; });
      if (!known && !doubles_.contains(path) && !add_name(path)) add_new(path, pattern.since);
    }
  }
}

// Whether it is a rotated file of one that is followed.
bool Tail::add_name(const std::string& path) {
  const auto log = std::find_if(logs_.begin(), logs_.end(),
                                [&](const auto& one) { return is_rotated_path(one->path(), path); });
  if (log != logs_.end()) (*log)->add_name(path);
  return log != logs_.end();
}

void Tail::look_at_double(const std::string& path) {
  const base::Result<Facts> there = look_at(path);
  const auto any = [&](auto claim) {
    return std::any_of(logs_.begin(), logs_.end(), [&](const auto& log) { return claim(*log); });
  };
  if (!there || any([&](const Follower& log) { return log.path() == path || log.holds(there->file); }))
    return;
  add_new(path);
}

// One that cannot be opened is warned of once and tried again at every look.
void Tail::add_new(const std::string& path, std::int64_t since) {
  base::Result<void> added;
  if (const base::Result<LogFile> file = LogFile::open(path); !file)
    added = tl::make_unexpected(file.error());
  else
    added = add_log(path, From::start, Asked::by_pattern, since);
  if (added)
    refused_.erase(path);
  else if (refused_.insert(path).second)
    open_sink_(path).warning(added.error().text + ", skipped for now");
}

bool Tail::matches(const std::string& path) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    return ::fnmatch(pattern.path.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
}

// May a name in a folder be that of a log which is not followed yet?
bool Tail::is_new_match(int watch, std::string_view name) const {
  if (!pattern_folders_.contains(watch) || looks_rotated(name)) return false;
  return std::none_of(logs_.begin(), logs_.end(), [&](const auto& log) {
    return std::string_view{log->path()}.substr(log->path().rfind('/') + 1) == name;
  });
}

// Whether one of its files stands under a name that matches.
bool Tail::is_matched(const Follower& log) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    const Logs paths = match(pattern.path);
    return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
      const base::Result<Facts> there = look_at(path);
      return there && log.holds(there->file);
    });
  });
}

// Of those that match a pattern: should one come back, it is found again, and what was read of it is not new.
void Tail::drop_deleted(std::chrono::steady_clock::time_point now) {
  std::erase_if(logs_, [&](const std::unique_ptr<Follower>& log) {
    if (!matches(log->path()) || look_at(log->path()) || is_matched(*log)) return false;
    if (!log->give_up_deleted(now)) return false;
    std::erase_if(folders_, [&](const auto& entry) { return entry.second.first == log.get(); });
    for (Pattern& pattern : patterns_) pattern.since = wall_clock();
    return true;
  });
}

}  // namespace xlimit::follow
