// SPDX-License-Identifier: MIT
// Writing without being stuck: a full pipe is waited for together with the stop signal.
#include "stream/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <string>

namespace xlimit::stream {
namespace {

constexpr int kPipeSize = 256 * 1024;  // fewer context switches than the default 64 KiB
constexpr int kLastWordsMs = 1000;

bool is_pipe(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

// O_NONBLOCK belongs to the open file description, which a shell shares among everything it started. A pipe
// can be opened once more through /proc, unless it is another user's: then flush() asks before each write.
base::Fd open_own(int fd) {
  if (!is_pipe(fd)) return {};
  if (::fcntl(fd, F_GETPIPE_SZ) < kPipeSize) ::fcntl(fd, F_SETPIPE_SZ, kPipeSize);
  return base::Fd{::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
}

// How much of `text` to write at once into a pipe: whole lines of at most PIPE_BUF bytes together, which the
// kernel takes as a whole or not at all. So no line is torn when we are killed, or mixed when several write.
std::size_t whole_lines(std::string_view text) {
  const std::size_t end = text.rfind('\n', PIPE_BUF - 1);
  return end != std::string_view::npos ? end + 1 : std::min(text.find('\n'), text.size() - 1) + 1;
}

// Does the pipe surely take so much without waiting? Then a large write is as whole as a small one. Its pages
// may be half empty, so what stands unread in it counts twice.
bool fits(int fd, std::size_t size) {
  int unread = 0;
  const int capacity = ::fcntl(fd, F_GETPIPE_SZ);
  if (capacity < 0 || ::ioctl(fd, FIONREAD, &unread) != 0) return false;
  return size + 2 * static_cast<std::size_t>(unread) + 2 * PIPE_BUF <= static_cast<std::size_t>(capacity);
}

bool is_gone(int number) { return number == EPIPE || number == ECONNRESET; }

}  // namespace

Output::Output(int fd, int stop_fd) : fd_(fd), pipe_(is_pipe(fd)), own_(open_own(fd)), stop_fd_(stop_fd) {
  buffer_.reserve(2 * kFlushAt);
}

base::Result<void> Output::flush() {
  std::string_view left{buffer_};
  while (!left.empty() && !gone_ && !failure_) {
    base::Result<std::size_t> written = write_some(left);
    if (written)
      left.remove_prefix(*written);
    else
      failure_ = std::move(written.error());
  }
  buffer_.clear();
  if (failure_) return tl::make_unexpected(*failure_);
  return {};
}

bool Output::reader_left(short bits) { return (bits & (POLLERR | POLLHUP)) != 0; }

// How much of `text` was written; 0 when it is to be tried again or the reader is gone.
base::Result<std::size_t> Output::write_some(std::string_view text) {
  const auto refused = [] { return base::fail(base::Exit::kTemporary, "write: the reader takes nothing"); };
  // A pipe that is writable takes PIPE_BUF bytes without waiting.
  const bool would_wait = pipe_ && !own_;
  if (would_wait && !wait_writable()) return refused();
  const bool at_once = !pipe_ || text.size() <= PIPE_BUF || (!would_wait && fits(fd_, text.size()));
  const std::size_t size = at_once ? text.size() : whole_lines(text);
  const ssize_t written = ::write(own_ ? own_.get() : fd_, text.data(), size);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EINTR) return 0;
  if (errno == EAGAIN) return wait_writable() ? base::Result<std::size_t>{0} : refused();
  if (is_gone(errno)) {
    gone_ = true;
    return 0;
  }
  base::Error error = base::make_os_error("write", errno);
  error.code = base::Exit::kIo;
  return tl::make_unexpected(std::move(error));
}

// False when a stop was asked for and the reader still took nothing for a second.
bool Output::wait_writable() {
  std::array<pollfd, 2> polled{{{fd_, POLLOUT, 0}, {stop_fd_, POLLIN, 0}}};
  ::poll(polled.data(), polled.size(), -1);
  if (polled[0].revents != 0 || polled[1].revents == 0) return true;
  return ::poll(polled.data(), 1, kLastWordsMs) > 0;
}

}  // namespace xlimit::stream
