// SPDX-License-Identifier: MIT
// read(2) to the end; inotify on the directory.
#include "stream/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/path.h"

namespace xlimit::stream {

namespace fs = std::filesystem;

namespace {

// Somebody gave us the descriptor, and so means us to wait for what comes.
bool is_given(const std::string& path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

base::Result<base::Fd> open_file(const std::string& path) {
  const int blocking = is_given(path) ? 0 : O_NONBLOCK;
  // Opening stdin anew would ask for permission once more, and fails when it is a socket.
  base::Fd fd{path == "/dev/stdin" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                   : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | blocking)};
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0) return base::os_error("open '" + path + "'");
  const bool may_block = !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);  // read(2) refuses the latter
  if (blocking != 0 && may_block && path != "/dev/null")
    return base::fail(base::Exit::kUnavailable, "open '" + path + "': not a regular file");
  return fd;
}

}  // namespace

base::Result<void> read_pieces(const std::string& path, std::size_t most,
                               const std::function<void(std::string_view)>& on_piece) {
  base::Result<base::Fd> fd = open_file(path);
  if (!fd) return base::failed(fd);
  std::array<char, 65536> chunk;
  for (std::size_t size = 0;;) {
    const ssize_t got = ::read(fd->get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::os_error("read '" + path + "'");
    if (got == 0) return {};
    size += static_cast<std::size_t>(got);
    if (size > most)
      return base::fail(base::Exit::kData,
                        "read '" + path + "': larger than " + std::to_string(most) + " bytes");
    on_piece({chunk.data(), static_cast<std::size_t>(got)});
  }
}

base::Result<std::string> read_file(const std::string& path, std::size_t most) {
  std::string text;
  base::Result<void> read = read_pieces(path, most, [&](std::string_view piece) { text += piece; });
  if (!read) return base::failed(read);
  return text;
}

namespace {

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE;
constexpr int kMostLinks = 40;  // as many as the kernel follows, path_resolution(7)

// The first symbolic link on the way to a file.
std::optional<fs::path> first_link(const fs::path& way) {
  fs::path so_far;
  for (const fs::path& part : way) {
    so_far /= part;
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(so_far, error))) return so_far;
  }
  return {};
}

// The way with what this link, which is on it, says in its place.
fs::path behind(const fs::path& link, const fs::path& way) {
  std::error_code error;
  const fs::path target = link.parent_path() / fs::read_symlink(link, error);
  return way == link ? target : target / way.lexically_relative(link);
}

// What was made a moment ago has another name, or is being written, and closed then.
bool is_being_written(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
}

}  // namespace

FileWatch::FileWatch(Loop& loop, base::Fd inotify, std::string path, std::function<void()> on_change)
    : path_(std::move(path)),
      on_change_(std::move(on_change)),
      inotify_(std::move(inotify)),
      watch_(loop, inotify_.get(), POLLIN, [this](short) { take_events(); }) {}

base::Result<std::unique_ptr<FileWatch>> FileWatch::open(Loop& loop, const std::string& path,
                                                         std::function<void()> on_change) {
  base::Fd inotify{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  if (!inotify) return base::os_error("watch '" + path + "'");
  std::unique_ptr<FileWatch> made{new FileWatch{loop, std::move(inotify), path, std::move(on_change)}};
  if (base::Result<void> found = made->find_places(); !found) return base::failed(found);
  return made;
}

// Anew: what is missed in between is seen by whoever reads the file afterwards.
base::Result<void> FileWatch::find_places() {
  for (const Place& place : places_) ::inotify_rm_watch(inotify_.get(), place.folder);
  places_.clear();
  base::Result<void> added = add_place(path_);
  fs::path way{path_};
  for (int links = 0; links < kMostLinks; ++links) {
    watch_folders(way);
    const std::optional<fs::path> link = first_link(way);
    if (!link) return way == path_ || !added ? added : add_place(way);
    static_cast<void>(add_place(*link));
    way = behind(*link, way);
  }
  return added;
}

// Each may be moved away or removed; while the file is not there, one of them may be what has to come.
// Folders may be passed and not be read, so none of this must succeed.
void FileWatch::watch_folders(const std::string& way) {
  const bool there = ::access(way.c_str(), F_OK) == 0;
  for (fs::path folder = fs::path{way}.parent_path(); folder.has_filename(); folder = folder.parent_path()) {
    const int number =
        ::inotify_add_watch(inotify_.get(), folder.c_str(), IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD);
    if (number >= 0) places_.push_back({number, folder, ""});
    if (!there || number < 0) static_cast<void>(add_place(folder));
  }
}

base::Result<void> FileWatch::add_place(const std::string& path) {
  const std::string folder = base::folder_of(path);
  const int number = ::inotify_add_watch(inotify_.get(), folder.c_str(), kEvents | IN_MASK_ADD);
  if (number < 0) return base::os_error("watch '" + folder + "'");
  places_.push_back({number, path, path.substr(path.rfind('/') + 1)});
  return {};
}

bool FileWatch::concerns(const inotify_event& event, const char* name) const {
  if ((event.mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF)) != 0) return true;
  return event.len > 0 && std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
           return place.folder == event.wd && place.name == name &&
                  ((event.mask & IN_CREATE) == 0 || !is_being_written(place.path));
         });
}

// Several events at once are one change.
void FileWatch::take_events() {
  alignas(inotify_event) std::array<char, 8192> buffer;
  bool changed = false;
  for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      changed = changed || concerns(event, buffer.data() + at + sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  if (!changed) return;
  static_cast<void>(find_places());  // a link may lead elsewhere now
  on_change_();
}

}  // namespace xlimit::stream
