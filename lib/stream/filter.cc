// SPDX-License-Identifier: MIT
// Wires input, output, signals and the handlers of a stage into one loop.
#include "stream/filter.h"

#include <unistd.h>

namespace xlimit::stream {

Filter::Filter(Handlers handlers)
    : handlers_(std::move(handlers)), signals_(loop_), out_(STDOUT_FILENO, signals_.fd()) {}

base::Result<void> Filter::run() {
  const Watch input{loop_, STDIN_FILENO, POLLIN, [this](short) { pull(); }};
  // No events asked for: a pipe whose reader left reports POLLERR by itself.
  const Watch reader{loop_, out_.fd(), 0, [this](short bits) {
                       if ((bits & POLLERR) != 0) loop_.stop();
                     }};
  base::Result<void> ended = loop_.run();
  if (!ended || out_.gone()) return ended;
  if (handlers_.on_drained) ended = handlers_.on_drained(out_);
  if (ended && handlers_.on_end) ended = handlers_.on_end(out_);
  return ended ? out_.flush() : ended;
}

void Filter::pull() {
  const base::Result<ReadState> state = lines_.read(STDIN_FILENO, [this](const Piece& piece) {
    if (!loop_.stopped()) check(handlers_.on_line(piece, out_));
  });
  if (!state) return loop_.stop(state.error());
  if (loop_.stopped()) return;
  if (*state == ReadState::ended) return loop_.stop();
  if (*state == ReadState::more) return;
  if (handlers_.on_drained && !check(handlers_.on_drained(out_))) return;
  check(out_.flush());
}

// Ends the loop on failure, or when the reader of stdout has gone.
bool Filter::check(base::Result<void> result) {
  if (!result) loop_.stop(std::move(result.error()));
  if (out_.gone()) loop_.stop();
  return !loop_.stopped();
}

base::Result<void> pass(const Piece& piece, Output& out) {
  if (base::Result<void> written = out.write(piece.text); !written || !piece.last) return written;
  return out.write("\n");
}

}  // namespace xlimit::stream
