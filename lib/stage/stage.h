// SPDX-License-Identifier: MIT
// A stage of the pipeline: a filter that reads events and passes on what is not for it.
//
//   stage::Stage stage{command, {.on_event = [&](const event::Event& event, const stream::Piece& line,
//                                                stream::Output& out) { ... return true; }}};
//   return stage.run();
//
// Lines that are no events are passed on like foreign ones, counted, and complained about: at once, and then
// at most once a minute with the count. They are never a reason to stop.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "event/decode.h"
#include "stream/filter.h"

namespace xlimit::stage {

struct Handlers {
  // A line that is about to be decoded. May be empty.
  std::function<void(const stream::Piece&)> on_ahead{};
  // An event of a type this toolkit knows. False: not for this stage, to be passed on.
  std::function<base::Result<bool>(const event::Event&, const stream::Piece&, stream::Output&)> on_event;
  // What becomes of a line that is not for this stage: nothing, or what on_other does. Empty: it goes out at
  // once.
  bool drops_others = false;
  std::function<base::Result<void>(const stream::Piece&, stream::Output&)> on_other;
  // As in stream::Filter.
  std::function<base::Result<void>(stream::Output&)> on_drained;
  std::function<base::Result<void>(stream::Output&)> on_end;
  std::function<bool()> is_settled{};
};

class Stage {
 public:
  Stage(const cli::Command& command, Handlers handlers);
  // Fails as stream::Filter does.
  base::Result<base::Exit> run();
  void settle() { filter_.settle(); }
  stream::Filter& filter() { return filter_; }
  stream::Loop& loop() { return filter_.loop(); }
  stream::Output& out() { return filter_.out(); }

 private:
  base::Result<void> take(const stream::Piece& line, stream::Output& out);
  base::Result<void> pass(const stream::Piece& line, stream::Output& out);
  void complain(std::string_view line, const std::string& why);

  Handlers handlers_;
  event::Decoder decoder_;
  cli::Complaint no_event_;
  stream::Filter filter_;
};

}  // namespace xlimit::stage
