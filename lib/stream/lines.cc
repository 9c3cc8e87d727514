// SPDX-License-Identifier: MIT
// One buffer; lines are views into it.
#include "stream/lines.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace xlimit::stream {
namespace {

constexpr std::size_t kRead = 256 * 1024;
constexpr std::size_t kCapacity = kMaxInput + kRead;

}  // namespace

Lines::Lines(AtEnd at_end, std::string name) : at_end_(at_end), name_(std::move(name)) {}

base::Result<ReadState> Lines::read(int fd, const std::function<void(const Piece&)>& on_piece,
                                    std::size_t most) {
  if (held_) {
    go_on(on_piece);
    return ReadState::more;
  }
  const std::span<char> into = space(most);
  const ssize_t got = ::read(fd, into.data(), into.size());
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return ReadState::drained;
    return base::os_error("read '" + name_ + "'");
  }
  if (got == 0) {
    if (at_end_ == AtEnd::finish) finish(on_piece);
    return ReadState::ended;
  }
  put(static_cast<std::size_t>(got), on_piece);
  return held_ || static_cast<std::size_t>(got) == into.size() ? ReadState::more : ReadState::drained;
}

// What is left of a line moves to the front only here: lines that are held back may be many.
std::span<char> Lines::space(std::size_t most) {
  // Not value-initialised: a file that brings little shall not cost 320 KiB of touched memory.
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kCapacity + kSlack);
  std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  return {buffer_.get() + end_, std::min(most, kRead)};
}

void Lines::put(std::size_t got, const std::function<void(const Piece&)>& on_piece) {
  end_ += got;
  split(on_piece);
}

void Lines::go_on(const std::function<void(const Piece&)>& on_piece) {
  held_ = false;
  split(on_piece);
}

void Lines::rest() {
  if (pending() > 0 || inside_ || held_) return;
  buffer_.reset();
  begin_ = end_ = 0;
}

void Lines::finish(const std::function<void(const Piece&)>& on_piece) {
  if (end_ > begin_ || inside_)
    on_piece(
        {.text = {buffer_.get() + begin_, end_ - begin_}, .first = !inside_, .last = true, .newline = false});
  begin_ = end_ = 0;
  inside_ = held_ = false;
}

// A line that ends. Whether it is too long must not depend on how it was read.
void Lines::give(const char* start, std::size_t length, const std::function<void(const Piece&)>& on_piece) {
  if (length > kMaxInput) {
    on_piece({.text = {start, kMaxInput}, .first = !inside_, .last = false, .newline = false});
    inside_ = true;
    start += kMaxInput;
    length -= kMaxInput;
  }
  const char* next = start + length + 1;
  on_piece({.text = {start, length},
            .first = !inside_,
            .behind = {next, static_cast<std::size_t>(buffer_.get() + end_ - next)}});
}

[[gnu::flatten]] void Lines::split(const std::function<void(const Piece&)>& on_piece) {
  while (begin_ < end_ && !held_) {
    const char* start = buffer_.get() + begin_;
    const auto* newline = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_));
    if (newline == nullptr) break;
    const auto length = static_cast<std::size_t>(newline - start);
    give(start, length, on_piece);
    begin_ += length + 1;
    inside_ = false;
  }
  if (end_ - begin_ > kMaxInput && !held_) {
    on_piece({.text = {buffer_.get() + begin_, end_ - begin_},
              .first = !inside_,
              .last = false,
              .newline = false});
    begin_ = end_;
    inside_ = true;
  }
}

}  // namespace xlimit::stream
