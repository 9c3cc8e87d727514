// SPDX-License-Identifier: MIT
// Decoding, passing on, complaining.
#include "stage/stage.h"

#include <fmt/format.h>

#include "base/text.h"

namespace xlimit::stage {
namespace {

using base::Result;
using stream::Output;
using stream::Piece;

constexpr std::size_t kQuoted = 80;

// What of a line may go to a terminal.
std::string quotable(std::string_view line) {
  return base::without_controls(line.substr(0, kQuoted)) + (line.size() > kQuoted ? "..." : "");
}

}  // namespace

Stage::Stage(const cli::Command& command, Handlers handlers)
    : handlers_(std::move(handlers)),
      no_event_(command, handlers_.drops_others ? "not an event, left out" : "not an event, passed on"),
      filter_({.on_line = [this](const Piece& line, Output& out) { return take(line, out); },
               .on_drained = handlers_.on_drained,
               .on_end = handlers_.on_end,
               .is_settled = handlers_.is_settled}) {}

Result<base::Exit> Stage::run() {
  Result<void> ended = filter_.run();
  if (!ended) return base::failed(ended);
  return base::Exit::kDone;
}

Result<void> Stage::take(const Piece& line, Output& out) {
  static_assert(stream::kSlack >= event::kPadding);
  if (!line.whole() || line.text.size() >= event::kMaxLine) {
    if (line.first) complain(line.text, "it is longer than an event can be");
    return pass(line, out);
  }
  if (line.text.empty()) return pass(line, out);
  if (handlers_.on_ahead) handlers_.on_ahead(line);
  const event::Event event = decoder_.decode(line.text);
  if (std::holds_alternative<event::Foreign>(event)) return pass(line, out);
  if (const auto* malformed = std::get_if<event::Malformed>(&event)) {
    complain(line.text, malformed->why);
    return pass(line, out);
  }
  Result<bool> used = handlers_.on_event(event, line, out);
  if (!used) return base::failed(used);
  return *used ? Result<void>{} : pass(line, out);
}

Result<void> Stage::pass(const Piece& line, Output& out) {
  if (handlers_.drops_others) return {};
  return handlers_.on_other ? handlers_.on_other(line, out) : stream::pass(line, out);
}

void Stage::complain(std::string_view line, const std::string& why) {
  no_event_.add(fmt::format("{}: '{}'", why, quotable(line)));
}

}  // namespace xlimit::stage
