// SPDX-License-Identifier: MIT
// Reads a pipe and leaves in it what was not dealt with yet, so that whoever comes after a stage that was
// killed finds it there, from the beginning of a line.
//
//   if (std::optional<PipeInput> pipe = PipeInput::open(STDIN_FILENO)) {
//     poll(pipe->fd(), POLLIN);
//     const ssize_t got = pipe->read(space);   // as read(2) of a non-blocking descriptor
//     ... everything but the last 20 bytes, half a line, is dealt with and what follows from it is out ...
//     pipe->release(20);
//   }
//
// tee(2) copies what is in a pipe without taking it out. With half a line in it the pipe would be readable
// all the time, so what is watched then is the edge: that more has come.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace xlimit::stream {

class PipeInput {
 public:
  // Absent when `fd` is no pipe. `fd` must live as long.
  static std::optional<PipeInput> open(int fd);

  // Readable when read() has something to say. Another one after read() and release().
  int fd();
  // What was not read yet; -1 with EAGAIN when there is nothing, 0 when all writers have gone as well.
  ssize_t read(std::span<char> into);
  // Takes all that was read out of the pipe but the last `kept` bytes, and these too when no event can be as
  // long.
  void release(std::size_t kept);
  // How many bytes that would be.
  std::size_t releasable(std::size_t kept) const;
  // The first `size` bytes of what is in the pipe, or all of it; until the next call.
  std::string_view peek(std::size_t size);
  // Takes out what was peeked at. Nothing was read yet.
  void skip(std::size_t size) { drop(fd_, size); }

 private:
  PipeInput(int fd, base::Fd edge, base::Fd copy, base::Fd copier)
      : fd_(fd), edge_(std::move(edge)), copy_(std::move(copy)), copier_(std::move(copier)) {}
  void watch_edge(bool on);
  void drop(int fd, std::size_t size);

  int fd_;
  base::Fd edge_;
  base::Fd copy_, copier_;     // a pipe of our own, empty between two calls
  bool edged_ = false;         // the edge is watched
  std::size_t standing_ = 0;   // bytes read that are still in the pipe
  std::vector<char> dropped_;  // by the last drop()
};

}  // namespace xlimit::stream
