// SPDX-License-Identifier: MIT
// Whole lines to a descriptor, as many as it takes now.
//
//   stream::Writer writer{STDOUT_FILENO};
//   base::Result<std::size_t> written = writer.write(text);   // 0: nothing is taken now; wait for POLLOUT
//
// Into a pipe no line is torn when we are killed, or mixed with another writer's. A regular file may end in
// half a line, of one who was killed inside write(2): it gets its newline before the first text. A reader
// that went away is not an error: gone() becomes true.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::stream {

class Writer {
 public:
  explicit Writer(int fd);

  // How much of `text` was written, without waiting if it is a pipe. Fails with kIo when the descriptor does
  // (disk full).
  base::Result<std::size_t> write(std::string_view text);
  // The first text goes on where such half a line ends.
  void complete_line() { started_ = true; }
  bool gone() const { return gone_; }
  bool is_pipe() const { return pipe_; }
  // To watch for POLLOUT, and for POLLERR: the reader of a pipe went away while there was nothing to write.
  int fd() const { return fd_; }

 private:
  std::size_t portion(std::string_view text) const;

  int fd_;
  bool pipe_;
  base::Fd own_;  // our own open file description of the same pipe: O_NONBLOCK on it concerns nobody else
  bool gone_ = false;
  bool started_ = false;
};

// Where the next write(2) into a regular file begins.
std::uint64_t position_of(int fd);

// How much of `text` goes into a pipe at once: whole lines of at most PIPE_BUF bytes together, which the
// kernel takes as a whole or not at all.
std::size_t whole_lines(std::string_view text);

// Does the pipe surely take so much without waiting? Then a large write is as whole as a small one.
bool fits_pipe(int fd, std::size_t size);

}  // namespace xlimit::stream
