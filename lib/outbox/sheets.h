// SPDX-License-Identifier: MIT
// Memory that a pipe takes without copying, and that is never written to again: who reads the pipe may hold
// on to it for as long as it likes.
//
//   std::optional<Sheets> sheets = Sheets::open();
//   off64_t* from = slate.cursor(*sheets->put(text));
//   splice(sheets->fd(), from, pipe, nullptr, text.size(), SPLICE_F_NONBLOCK);
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

#include "base/fd.h"

namespace xlimit::outbox {

class Sheets {
 public:
  // A pipe takes so much with one of its buffers, as a whole or not at all.
  static constexpr std::size_t kSheet = 4096;
  // At most so much is put at once.
  static constexpr std::size_t kMost = 256 * 1024;

  // Absent when the system has no such memory.
  static std::optional<Sheets> open();
  Sheets(Sheets&& other) noexcept;
  Sheets& operator=(Sheets&& other) noexcept;
  ~Sheets();

  int fd() const { return fd_.get(); }
  // Where `text` stands now; within one sheet if it is no longer than one. Absent when there is no memory.
  std::optional<off64_t> put(std::string_view text);

 private:
  Sheets(base::Fd fd, char* memory) : fd_(std::move(fd)), memory_(memory) {}

  base::Fd fd_;
  char* memory_;
  std::size_t end_ = 0;
};

}  // namespace xlimit::outbox
