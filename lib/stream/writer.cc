// SPDX-License-Identifier: MIT
// What a pipe takes as a whole is the question here.
#include "stream/writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>
#include <utility>

namespace xlimit::stream {
namespace {

constexpr int kPipeSize = 256 * 1024;  // fewer context switches than the default 64 KiB

bool is_fifo(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

// O_NONBLOCK belongs to the open file description, which a shell shares among everything it started. A pipe
// can be opened once more through /proc, unless it is another user's: then write() asks before each write.
base::Fd open_own(int fd) {
  if (!is_fifo(fd)) return {};
  if (::fcntl(fd, F_GETPIPE_SZ) < kPipeSize) ::fcntl(fd, F_SETPIPE_SZ, kPipeSize);
  return base::Fd{::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
}

// What cannot be read, such as a file that only others may read, is taken for whole lines.
bool follows_half_line(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const std::uint64_t position = position_of(fd);
  const base::Fd file{::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC)};
  char last = '\n';
  return position > 0 && ::pread(file.get(), &last, 1, static_cast<off_t>(position - 1)) == 1 && last != '\n';
}

bool is_writable(int fd) {
  pollfd polled{fd, POLLOUT, 0};
  return ::poll(&polled, 1, 0) > 0;
}

}  // namespace

std::size_t whole_lines(std::string_view text) {
  if (text.size() <= PIPE_BUF) return text.size();
  const std::size_t end = text.rfind('\n', PIPE_BUF - 1);
  return end != std::string_view::npos ? end + 1 : std::min(text.find('\n'), text.size() - 1) + 1;
}

// Its pages may be half empty, so what stands unread in it counts twice.
bool fits_pipe(int fd, std::size_t size) {
  int unread = 0;
  const int capacity = ::fcntl(fd, F_GETPIPE_SZ);
  if (capacity < 0 || ::ioctl(fd, FIONREAD, &unread) != 0) return false;
  return size + 2 * static_cast<std::size_t>(unread) + 2 * PIPE_BUF <= static_cast<std::size_t>(capacity);
}

std::uint64_t position_of(int fd) {
  struct stat status {};
  const bool appends = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
  if (appends && ::fstat(fd, &status) == 0) return static_cast<std::uint64_t>(status.st_size);
  return static_cast<std::uint64_t>(std::max<off_t>(::lseek(fd, 0, SEEK_CUR), 0));
}

Writer::Writer(int fd) : fd_(fd), pipe_(is_fifo(fd)), own_(open_own(fd)) {}

// Without a descriptor of our own a write must be one that surely does not wait: PIPE_BUF into a pipe that is
// writable.
std::size_t Writer::portion(std::string_view text) const {
  if (!pipe_) return text.size();
  if (!own_ && !is_writable(fd_)) return 0;
  const bool at_once = own_ && text.size() > PIPE_BUF && fits_pipe(fd_, text.size());
  return at_once ? text.size() : whole_lines(text);
}

base::Result<std::size_t> Writer::write(std::string_view text) {
  const std::size_t size = portion(text);
  if (size == 0 || gone_) return std::size_t{0};
  const bool half = !std::exchange(started_, true) && follows_half_line(fd_);
  ssize_t written = half ? ::write(fd_, "\n", 1) : 1;
  if (written > 0) written = ::write(own_ ? own_.get() : fd_, text.data(), size);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EINTR || errno == EAGAIN) return std::size_t{0};
  gone_ = errno == EPIPE || errno == ECONNRESET;
  if (gone_) return std::size_t{0};
  base::Error error = base::make_os_error("write", errno);
  error.code = base::Exit::kIo;
  return tl::make_unexpected(std::move(error));
}

}  // namespace xlimit::stream
