// SPDX-License-Identifier: MIT
// Opens what the detector needs, feeds it, and writes what it says.
#include "session-detect/judge.h"

#include <chrono>

#include "base/clock.h"
#include "session/report.h"
#include "stage/metrics_file.h"
#include "stage/slice.h"
#include "stream/file.h"

namespace session_detect {

using base::Exit;
using base::Result;
using stream::Output;

Judge::Judge(const cli::Command& command, const Settings& settings, session::Limits limits)
    : command_(command),
      settings_(settings),
      limits_(std::move(limits)),
      origin_(node() + "/session-detect") {}

Result<void> Judge::open() {
  session::Evidence evidence;
  if (settings_.verify.value_or(true)) {
    Result<std::unique_ptr<Proof>> proof = Proof::open(command_);
    if (!proof) return base::failed(proof);
    proof_ = std::move(*proof);
    evidence = proof_->evidence();
  }
  detector_.emplace(settings_.policy, evidence, [this](std::string_view user) { return limits_.of(user); });
  if (settings_.state_file.empty()) return {};
  Result<std::unique_ptr<StateFile>> state = StateFile::open(command_, settings_.state_file, *detector_);
  if (!state) return base::failed(state);
  state_ = std::move(*state);
  return {};
}

Result<Exit> Judge::run() {
  stage::Stage stage{command_,
                     {.on_ahead = [this](const stream::Piece& line) { look_ahead(line); },
                      .on_event = [this](const event::Event& event, const stream::Piece& line,
                                         Output& out) { return take(event, line, out); },
                      .on_other = {},
                      .on_drained = [&](Output& out) { return drained(stage.filter(), out); },
                      .on_end = [this](Output& out) { return end(out); }}};
  const stream::Timer minute{stage.loop(), std::chrono::minutes{1}, [&] {
                               Result<void> told = tell_sources(stage.out());
                               if (told) told = stage.out().flush();
                               if (!told) stage.loop().stop(std::move(told.error()));
                             }};
  if (state_) state_->watch(stage.loop());
  skip_judged(stage.filter());
  auto metrics = stage::MetricsFile::open(command_, settings_.metrics_file, stage.loop(),
                                          [this](metrics::Page& page) { counts_.fill(page, *detector_); });
  if (!metrics) return base::failed(metrics);
  Result<std::unique_ptr<stream::FileWatch>> limits;
  if (!settings_.limits_file.empty())
    limits = stream::FileWatch::open(stage.loop(), settings_.limits_file, [this] { reread_limits(); });
  if (!limits) command_.warn(limits.error().text + ", changes of the limits are not seen");
  stage::ask_for_slice(stage::kJudgeSlice);
  return finish(stage.run(), stage.out());
}

// The same lines sent once more are new ones. After a failure what was said last is said again.
Result<Exit> Judge::finish(Result<Exit> ended, const Output& out) {
  if (!state_) return ended;
  const bool all_out = ended && !out.gone();
  if (all_out) detector_->set_mark({});
  if (Result<void> finished = state_->finish(all_out); !finished) return base::failed(finished);
  return ended;
}

// What judging this line and the next will wait for is asked for while this one is decoded.
void Judge::look_ahead(const stream::Piece& line) {
  if (!expected_) detector_->expect(event::guess_user(line.text));
  const std::string_view next = event::guess_user(line.behind);
  expected_ = !next.empty();
  if (expected_) detector_->expect(next);
}

Result<bool> Judge::take(const event::Event& event, const stream::Piece& line, Output& out) {
  const auto* access = std::get_if<event::Access>(&event);
  if (access == nullptr) return false;
  Result<void> written;
  if (state_ && state_->has_much()) written = record(out);
  if (written && settings_.pass_access) written = stream::pass(line, out);
  if (session::is_out_of_time(access->at, base::now(), settings_.max_age)) {
    ++counts_.stale;
    return true;
  }
  if (proof_) proof_->note(*access, line.behind);
  for (const session::Verdict& verdict : detector_->feed(*access)) {
    counts_.add(verdict);
    session::report(verdict, access->node.empty() ? node() : access->node, origin_,
                    [&](std::string_view text) {
                      if (written) written = out.write(text);
                    });
    // The first ban does not wait for the lines behind it; in a flood the others go out together.
    const bool first = !verdict.targets.empty() && !std::exchange(banned_, true);
    if (written && first) written = out.flush();
  }
  return written ? Result<bool>{true} : Result<bool>{base::failed(written)};
}

// One who was killed right after recording left the lines that the state comes from in the pipe.
void Judge::skip_judged(stream::Filter& input) {
  constexpr std::size_t kMostAhead = 1024 * 1024;  // bytes; a pipe holds no more
  const session::Mark& mark = detector_->mark();
  if (mark.size > 0 && mark.size <= kMostAhead && session::mark_of(input.ahead(mark.size)) == mark)
    input.skip(mark.size);
}

// What is said goes out before anything else is done.
Result<void> Judge::drained(stream::Filter& input, Output& out) {
  Result<void> done = out.flush();
  if (state_ && detector_->changes() > 0) detector_->set_mark(session::mark_of(input.dealt_with()));
  if (done) done = record(out);
  if (done && proof_) done = proof_->look_around(std::exchange(banned_, false), out);
  return done;
}

Result<void> Judge::tell_sources(Output& out) {
  return counts_.tell_sources(*detector_, node(), [&](std::string_view line) { return out.write(line); });
}

Result<void> Judge::end(Output& out) {
  if (!settings_.verify) counts_.advise(command_, *detector_);
  return tell_sources(out);
}

// Only when what follows from it has left: who is killed in between says the same again, with the same ids,
// and so does who comes after a reader that left.
Result<void> Judge::record(Output& out) {
  if (!state_) return {};
  Result<void> flushed = out.flush();
  if (flushed && !out.gone()) state_->record();
  return flushed;
}

void Judge::reread_limits() {
  Result<session::Limits> read = read_limits(settings_.limits_file);
  if (!read) return command_.warn(read.error().text + "; the limits stay as they were");
  limits_ = std::move(*read);
  detector_->forget_limits();
}

}  // namespace session_detect
