// SPDX-License-Identifier: MIT
// Lines to a descriptor: gathered, written out whole (stream::Writer), and never blocking a stop signal.
//
//   stream::Output out{STDOUT_FILENO, signals.fd()};
//   out.write(line);                     // buffers; flushes by itself when kFlushAt is reached
//   if (auto written = out.flush(); !written) return failed(written);
//
// A reader that went away is not an error: gone() becomes true, and everything after is dropped.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "stream/writer.h"

namespace xlimit::stream {

class Output {
 public:
  // Gathered at most; a pipe of default size takes it in one write.
  static constexpr std::size_t kFlushAt = 60 * 1024;

  // `stop_fd` (or -1) ends a wait for a slow reader when it becomes readable; a second is then left to
  // write out what is gathered.
  explicit Output(int fd, int stop_fd = -1);

  // Both leave together or not at all. Fails as flush() does.
  base::Result<void> write(std::string_view text, std::string_view end = {}) {
    if (failure_) return flush();
    buffer_.append(text).append(end);
    return buffer_.size() < kFlushAt ? base::Result<void>{} : flush();
  }
  // Returns when everything is written or the reader is gone. A failure is for good: what was gathered is
  // dropped, so that nothing is written twice, and every later call fails alike. Fails with kIo when the
  // descriptor does (disk full), with kTemporary when a stop signal arrived and the reader takes nothing.
  base::Result<void> flush();
  bool gone() const { return writer_.gone(); }
  // Do these bits of poll(2) on fd() say that the reader went away? A pipe tells by POLLERR, a socket by
  // POLLHUP.
  static bool reader_left(short bits);
  // Would a line (PIPE_BUF, 4096 bytes) leave at once?
  bool takes_a_line() const;
  bool empty() const { return buffer_.empty(); }
  // To watch for POLLERR: the reader of a pipe went away while there was nothing to write.
  int fd() const { return writer_.fd(); }

 private:
  bool wait_writable();

  Writer writer_;
  int stop_fd_;
  std::optional<base::Error> failure_;
  std::string buffer_;
};

}  // namespace xlimit::stream
