// SPDX-License-Identifier: MIT
// Wires input, output, signals and the handlers of a stage into one loop.
#include "stream/filter.h"

#include <unistd.h>

#include <chrono>

namespace xlimit::stream {
namespace {

constexpr std::chrono::seconds kLastWords{1};

}  // namespace

Filter::Filter(Handlers handlers)
    : handlers_(std::move(handlers)),
      signals_(loop_),
      out_(STDOUT_FILENO, signals_.fd()),
      pipe_(PipeInput::open(STDIN_FILENO)) {}

base::Result<void> Filter::run() {
  input_.emplace(loop_, STDIN_FILENO, POLLIN, [this](short) { pull(); });
  watch_input();
  // No events asked for: a pipe or socket whose reader left reports it by itself.
  const Watch reader{loop_, out_.fd(), 0, [this](short bits) {
                       if (Output::reader_left(bits)) loop_.stop();
                     }};
  base::Result<void> ended = loop_.run();
  finish_line();
  // What was read is acted on, whether or not somebody still listens.
  for (const auto* handler : {&handlers_.on_drained, &handlers_.on_end}) {
    base::Result<void> handled = *handler ? (*handler)(out_) : base::Result<void>{};
    if (ended) ended = std::move(handled);
  }
  base::Result<void> flushed = out_.flush();
  if (ended) ended = std::move(flushed);
  if (ended) settle();
  return ended;
}

void Filter::pull() {
  const base::Result<ReadState> state = read();
  if (!state) return loop_.stop(state.error());
  if (loop_.stopped()) return;
  if (*state == ReadState::ended) return loop_.stop();
  if (*state == ReadState::drained) act();
  watch_input();
}

void Filter::act() {
  if (handlers_.on_drained && !check(handlers_.on_drained(out_))) return;
  if (check(out_.flush()) && (!handlers_.is_settled || handlers_.is_settled())) settle();
}

void Filter::settle() {
  if (pipe_ && !out_.gone()) pipe_->release(lines_.pending());
  watch_input();
}

void Filter::watch_input() {
  if (pipe_ && input_) input_->watch(pipe_->wait_fd());
}

std::string_view Filter::dealt_with() {
  return pipe_ ? pipe_->peek(pipe_->releasable(lines_.pending())) : std::string_view{};
}

base::Result<ReadState> Filter::read() {
  const auto on_piece = [this](const Piece& piece) { take(piece); };
  if (!pipe_) return lines_.read(STDIN_FILENO, on_piece);
  const ssize_t got = pipe_->read(lines_.space());
  if (got < 0 && errno != EAGAIN && errno != EINTR) return base::os_error("read '-'");
  if (got < 0) return ReadState::more;  // there may be; nothing has come, so there is nothing to act on
  if (got == 0) lines_.finish(on_piece);
  if (got > 0) lines_.put(static_cast<std::size_t>(got), on_piece);
  return got == 0 ? ReadState::ended : ReadState::drained;
}

// All that one read gave is taken, also when writing fails in between: a ban must not be lost because the log
// is full.
void Filter::take(const Piece& piece) { check(handlers_.on_line(piece, out_)); }

// A line whose beginning was taken out of the input when a signal came belongs to nobody else: its rest is
// waited for, not long; then it goes out as it is.
void Filter::finish_line() {
  if (pipe_ && !lines_.inside() && pipe_->can_stay(lines_.pending())) return;
  if (pipe_) pipe_->release(0);
  const auto deadline = std::chrono::steady_clock::now() + kLastWords;
  while (lines_.pending() > 0 || lines_.inside()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd polled{STDIN_FILENO, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&polled, 1, static_cast<int>(left.count())) <= 0) break;
    // Byte by byte: what follows the line is for whoever reads next.
    const base::Result<ReadState> state = lines_.read(
        STDIN_FILENO, [this](const Piece& piece) { take(piece); }, 1);
    if (!state || *state == ReadState::ended) break;
  }
  lines_.finish([this](const Piece& piece) { take(piece); });
}

// Ends the loop on failure, or when the reader of stdout has gone.
bool Filter::check(base::Result<void> result) {
  if (!result && !loop_.stopped()) loop_.stop(std::move(result.error()));
  if (out_.gone()) loop_.stop();
  return !loop_.stopped();
}

base::Result<void> pass(const Piece& piece, Output& out) {
  return out.write(piece.text, piece.last ? "\n" : "");
}

}  // namespace xlimit::stream
