// SPDX-License-Identifier: MIT
// Writing without being stuck: a full pipe is waited for together with the stop signal.
#include "stream/output.h"

#include <poll.h>

#include <array>

namespace xlimit::stream {
namespace {

constexpr int kLastWordsMs = 1000;

}  // namespace

Output::Output(int fd, int stop_fd) : writer_(fd), stop_fd_(stop_fd) { buffer_.reserve(2 * kFlushAt); }

base::Result<void> Output::flush() {
  std::string_view left{buffer_};
  while (!left.empty() && !gone() && !failure_) {
    base::Result<std::size_t> written = writer_.write(left);
    if (!written)
      failure_ = std::move(written.error());
    else if (*written == 0 && !gone() && !wait_writable())
      failure_ = base::Error{base::Exit::kTemporary, "write: the reader takes nothing"};
    else
      left.remove_prefix(*written);
  }
  buffer_.clear();
  if (failure_) return tl::make_unexpected(*failure_);
  return {};
}

bool Output::reader_left(short bits) { return (bits & (POLLERR | POLLHUP)) != 0; }

bool Output::takes_a_line() const {
  pollfd polled{fd(), POLLOUT, 0};
  return buffer_.empty() && ::poll(&polled, 1, 0) == 1 && (polled.revents & POLLOUT) != 0;
}

// False when a stop was asked for and the reader still took nothing for a second.
bool Output::wait_writable() {
  std::array<pollfd, 2> polled{{{fd(), POLLOUT, 0}, {stop_fd_, POLLIN, 0}}};
  ::poll(polled.data(), polled.size(), -1);
  if (polled[0].revents != 0 || polled[1].revents == 0) return true;
  return ::poll(polled.data(), 1, kLastWordsMs) > 0;
}

}  // namespace xlimit::stream
