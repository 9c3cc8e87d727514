// SPDX-License-Identifier: MIT
// The body of every stage: events come in on one descriptor, what the stage makes of them goes out on
// another.
//
//   stream::Filter filter{{.on_line = [&](const Piece& line, Output& out) { return stage.take(line, out); },
//                          .on_drained = [&](Output& out) { return stage.act(out); }}};
//   return filter.run();
//
// Output is flushed whenever the input is drained, never by a timer. Ends with success at the end of the
// input, when the reader of stdout goes away, or on TERM, INT or HUP. What was read by then is acted on
// (on_drained, on_end), also after a failure.
//
// A pipe keeps what was read from it until what follows from it is out: when a stage is killed, the next that
// reads the pipe goes on where it was, and says again what had just been said.
#pragma once

#include <functional>
#include <optional>

#include "base/result.h"
#include "stream/lines.h"
#include "stream/loop.h"
#include "stream/output.h"
#include "stream/pipe_input.h"

namespace xlimit::stream {

class Filter {
 public:
  struct Handlers {
    // Every piece of input; pass() hands it on untouched.
    std::function<base::Result<void>(const Piece&, Output&)> on_line;
    // The input is drained for now: act on what was gathered. May be empty.
    std::function<base::Result<void>(Output&)> on_drained;
    // The input has ended or a signal came: last words. May be empty.
    std::function<base::Result<void>(Output&)> on_end;
    // Whether all that was taken is dealt with. As long as something of it is under way beside the loop it
    // stays in the pipe, and who finds the last of it done calls settle(). Empty: all is, after on_drained.
    std::function<bool()> is_settled{};
  };

  explicit Filter(Handlers handlers);
  // Fails when reading or writing does, or with what a handler returned.
  base::Result<void> run();

  // What was read may be taken out of the pipe.
  void settle();

  // To add watches and timers of the stage's own.
  Loop& loop() { return loop_; }
  Output& out() { return out_; }

  // What a pipe brought that is dealt with, and to be taken out of it next; empty for other inputs. For a
  // stage that remembers it and skips it when it finds it in the pipe before run().
  std::string_view dealt_with();
  std::string_view ahead(std::size_t size) { return pipe_ ? pipe_->peek(size) : std::string_view{}; }
  // Takes out what ahead() gave.
  void skip(std::size_t size) { pipe_->skip(size); }

 private:
  void pull();
  void act();
  base::Result<ReadState> read();
  void take(const Piece& piece);
  void watch_input();
  void finish_line();
  bool check(base::Result<void> result);

  Handlers handlers_;
  Loop loop_;
  Signals signals_;
  Output out_;
  Lines lines_;
  std::optional<PipeInput> pipe_;  // what stdin is, if it is one
  std::optional<Watch> input_;     // once it runs
};

// The line as it came. Half a line at the end of the stream gets its newline: last words may follow it.
base::Result<void> pass(const Piece& piece, Output& out);

}  // namespace xlimit::stream
