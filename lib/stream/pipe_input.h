// SPDX-License-Identifier: MIT
// Reads a pipe and leaves in it what was not dealt with yet, so that whoever comes after a stage that was
// killed finds it there, from the beginning of a line.
//
//   if (std::optional<PipeInput> pipe = PipeInput::open(STDIN_FILENO)) {
//     poll(pipe->wait_fd(), POLLIN);
//     const ssize_t got = pipe->read(space);   // as read(2) of a non-blocking descriptor
//     ... everything but the last 20 bytes, half a line, is dealt with and what follows from it is out ...
//     pipe->release(20);
//   }
//
// tee(2) copies what is in a pipe without taking it out. With half a line in it the pipe would be readable
// all the time, so what is watched then is the edge: that more has come. A writer who waits in the middle of
// a write for room makes none, as long as the pipe was not empty when he began: now and then it is tried
// without.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
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

  // The descriptor to wait for: readable when read() may have something to say. To be asked for again after
  // read() and release().
  int wait_fd();
  // What was not read yet; -1 with EAGAIN when there is nothing, 0 when all writers have gone as well.
  ssize_t read(std::span<char> into);
  // Takes all that was read out of the pipe but the last `kept` bytes, and these too unless they can stay.
  void release(std::size_t kept);
  // How many bytes that would be.
  std::size_t releasable(std::size_t kept) const;
  // Half a line of so many bytes: not when no event can be as long, nor where its rest might find no room.
  bool can_stay(std::size_t kept) const;
  // The first `size` bytes of what is in the pipe, or all of it; until the next call.
  std::string_view peek(std::size_t size);
  // Takes out what was peeked at. Nothing was read yet.
  void skip(std::size_t size) { drop(fd_, size); }

 private:
  using Delay = std::chrono::microseconds;
  // Until it is tried without an edge; twice as long each time that nothing came. Without a kept half line
  // what stands there is being dealt with.
  static constexpr Delay kAfterLine{50}, kMeanwhile{2000}, kMost{10'000};
  // What the last call found or did, as far as wait_fd() has not acted on it.
  enum class News : std::uint8_t { none, more, nothing };

  explicit PipeInput(int fd) : fd_(fd) {}
  bool prepare();
  void watch_edge(bool on);
  bool take_edge();
  void try_after(Delay delay);
  void drop(int fd, std::size_t size);

  int fd_;
  bool small_ = false;        // the pipe
  base::Fd edge_, timer_;     // the timer makes an edge, too
  base::Fd copy_, copier_;    // a pipe of our own, empty between two calls
  bool edged_ = false;        // the edge is watched
  std::size_t standing_ = 0;  // bytes read that are still in the pipe
  bool settled_ = true;       // what stands is a half line that was kept
  News news_ = News::none;
  Delay delay_{};
  std::vector<char> dropped_;  // by the last drop()
};

}  // namespace xlimit::stream
