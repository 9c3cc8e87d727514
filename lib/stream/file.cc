// SPDX-License-Identifier: MIT
// read(2) to the end; inotify on the directory.
#include "stream/file.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <cstring>

namespace xlimit::stream {

namespace {

// Somebody gave us the descriptor, and so means us to wait for what comes.
bool is_given(const std::string& path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/fd/");
}

base::Result<base::Fd> open_file(const std::string& path) {
  const int blocking = is_given(path) ? 0 : O_NONBLOCK;
  base::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | blocking)};
  struct stat status;
  if (!fd || ::fstat(fd.get(), &status) != 0) return base::os_error("open '" + path + "'");
  const bool may_block = !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);  // read(2) refuses the latter
  if (blocking != 0 && may_block && path != "/dev/null")
    return base::fail(base::Exit::kUnavailable, "open '" + path + "': not a regular file");
  return fd;
}

}  // namespace

base::Result<std::string> read_file(const std::string& path, std::size_t most) {
  const base::Result<base::Fd> opened = open_file(path);
  if (!opened) return tl::make_unexpected(opened.error());
  const base::Fd& fd = *opened;
  std::string text;
  std::array<char, 65536> chunk;
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::os_error("read '" + path + "'");
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > most)
      return base::fail(base::Exit::kData,
                        "read '" + path + "': larger than " + std::to_string(most) + " bytes");
  }
}

namespace {

base::Fd watch_directory(const std::string& path) {
  base::Fd inotify{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  ::inotify_add_watch(inotify.get(), directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE);
  return inotify;
}

}  // namespace

FileWatch::FileWatch(Loop& loop, const std::string& path, std::function<void()> on_change)
    : name_(path.substr(path.rfind('/') + 1)),
      on_change_(std::move(on_change)),
      inotify_(watch_directory(path)),
      watch_(loop, inotify_.get(), POLLIN, [this](short) { take_events(); }) {}

// Several events at once are one change.
void FileWatch::take_events() {
  alignas(inotify_event) std::array<char, 8192> buffer;
  bool changed = false;
  for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      changed = changed || (event.len > 0 && name_ == buffer.data() + at + sizeof event);
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  if (changed) on_change_();
}

}  // namespace xlimit::stream
