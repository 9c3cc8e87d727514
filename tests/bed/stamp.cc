// SPDX-License-Identifier: MIT
// Puts a name and the time, in microseconds since 1970, before each line: of stdin, or of what is added to a
// file.
//
//   stamp NAME          stdin
//   stamp NAME FILE     follows FILE from its end, woken by inotify
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>

#include "net.h"

namespace {

std::string unfinished;

// False at the end of what there is to read now.
bool read_lines(int fd, const std::string& name) {
  char buffer[65536];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got <= 0) return false;
  const std::string stamp = name + ' ' + std::to_string(bed::now_us()) + ' ';
  unfinished.append(buffer, static_cast<std::size_t>(got));
  for (std::size_t end; (end = unfinished.find('\n')) != std::string::npos; unfinished.erase(0, end + 1))
    bed::say(stamp + unfinished.substr(0, end));
  return true;
}

void follow(const char* path, const std::string& name) {
  const bed::Fd file{::open(path, O_RDONLY | O_CLOEXEC)};
  const bed::Fd notify{::inotify_init1(IN_CLOEXEC)};
  if (!file || ::inotify_add_watch(notify.get(), path, IN_MODIFY) < 0) bed::die(path);
  ::lseek(file.get(), 0, SEEK_END);
  bed::say(name + ' ' + std::to_string(bed::now_us()) + " ready");
  char events[4096];
  do {
    while (read_lines(file.get(), name)) {
    }
  } while (::read(notify.get(), events, sizeof events) > 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  if (argc > 2) follow(argv[2], argv[1]);
  while (read_lines(STDIN_FILENO, argv[1])) {
  }
}
