// SPDX-License-Identifier: MIT
// One inotify queue for all files and folders; a lost notice is passed on as one about everything.
#include "follow/notices.h"

#include <sys/inotify.h>

#include <array>
#include <cstring>

namespace xlimit::follow {

base::Result<Notices> Notices::open() {
  base::Fd fd{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (!fd) return base::os_error("inotify_init1");
  return Notices{std::move(fd)};
}

// By the descriptor, so that a file that is renamed at this moment is not confused with its successor.
int Notices::watch_file(int file) const {
  return ::inotify_add_watch(fd(), ("/proc/self/fd/" + std::to_string(file)).c_str(), IN_MODIFY);
}

int Notices::watch_folder(const std::string& path) const {
  constexpr unsigned kNames = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
  constexpr unsigned kMask =
      kNames | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR;  // a copy is whole, may be read
  return ::inotify_add_watch(fd(), path.c_str(), kMask);
}

void Notices::forget(int watch) const { ::inotify_rm_watch(fd(), watch); }

void Notices::drain(const std::function<void(int watch, std::string_view name)>& on_notice) const {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(fd(), buffer.data(), buffer.size());
    if (got <= 0) return;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(got);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* name = buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      const bool dropped = (event.mask & IN_Q_OVERFLOW) != 0;
      on_notice(dropped ? -1 : event.wd, {name, ::strnlen(name, event.len)});
    }
    if (static_cast<std::size_t>(got) < buffer.size() / 2) return;
  }
}

}  // namespace xlimit::follow
