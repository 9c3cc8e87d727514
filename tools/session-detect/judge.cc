// SPDX-License-Identifier: MIT
// Opens what the detector needs, feeds it, and writes what it says.
#include "session-detect/judge.h"

#include <chrono>

#include "base/clock.h"
#include "event/encode.h"
#include "session/report.h"
#include "stream/file.h"

namespace session_detect {

using base::Exit;
using base::Result;
using stream::Output;

namespace {

constexpr std::chrono::seconds kSavePeriod{5};

}  // namespace

Judge::Judge(const cli::Command& command, const Settings& settings, session::Limits limits)
    : command_(command),
      settings_(settings),
      limits_(std::move(limits)),
      origin_(node() + "/session-detect"),
      save_failed_(command, "save the state, going on without") {}

Result<void> Judge::open() {
  session::Evidence evidence;
  if (settings_.verify) {
    Result<std::unique_ptr<Proof>> proof = Proof::open(command_);
    if (!proof) return base::failed(proof);
    proof_ = std::move(*proof);
    evidence = proof_->evidence();
  }
  detector_.emplace(settings_.policy, evidence, [this](std::string_view user) { return limits_.of(user); });
  if (settings_.state_file.empty()) return {};
  Result<StateFile> state = StateFile::open(settings_.state_file, *detector_);
  if (!state) return base::failed(state);
  state_.emplace(std::move(*state));
  return {};
}

Result<Exit> Judge::run() {
  stage::Stage stage{command_,
                     {.on_event = [this](const event::Event& event, const stream::Piece& line,
                                         Output& out) { return take(event, line, out); },
                      .on_other = {},
                      .on_drained = [this](Output& out) { return drained(out); },
                      .on_end = [this](Output& out) { return end(out); }}};
  const stream::Timer minute{stage.loop(), std::chrono::minutes{1}, [&] {
                               Result<void> told = tell_sources(stage.out());
                               if (told) told = stage.out().flush();
                               if (!told) stage.loop().stop(std::move(told.error()));
                             }};
  std::optional<stream::Timer> saving;
  if (state_) saving.emplace(stage.loop(), kSavePeriod, [this] { save(); });
  Result<std::unique_ptr<stream::FileWatch>> limits;
  if (!settings_.limits_file.empty())
    limits = stream::FileWatch::open(stage.loop(), settings_.limits_file, [this] { reread_limits(); });
  if (!limits) command_.warn(limits.error().text + ", changes of the limits are not seen");
  return stage.run();
}

Result<bool> Judge::take(const event::Event& event, const stream::Piece& line, Output& out) {
  const auto* access = std::get_if<event::Access>(&event);
  if (access == nullptr) return false;
  Result<void> written;
  if (settings_.pass_access) written = stream::pass(line, out);
  if (is_stale(*access)) {
    ++stale_;
    return true;
  }
  for (const session::Verdict& verdict : detector_->feed(*access))
    session::report(verdict, access->node.empty() ? node() : access->node, origin_,
                    [&](std::string_view text) {
                      said_ = true;
                      if (written) written = out.write(text);
                    });
  if (!written) return base::failed(written);
  return true;
}

// What is said goes out before anything else is done.
Result<void> Judge::drained(Output& out) {
  Result<void> flushed = out.flush();
  if (proof_) proof_->look_around(std::exchange(said_, false));
  return flushed;
}

bool Judge::is_stale(const event::Access& access) {
  return settings_.max_age.count() > 0 && access.at + settings_.max_age < base::now();
}

// What was not judged or not kept is told at the end and at most once a minute.
Result<void> Judge::tell_sources(Output& out) {
  const auto tell = [&](std::string_view kind, std::uint64_t lines) -> Result<void> {
    if (lines == 0) return {};
    event::Source source;
    source.at = base::now();
    source.node = node();
    source.kind = kind;
    source.lines = lines;
    event::Line line;
    return out.write(event::encode(source, line));
  };
  Result<void> told = tell("evicted", detector_->take_evicted());
  return told ? tell("stale", std::exchange(stale_, 0)) : told;
}

Result<void> Judge::end(Output& out) {
  Result<void> told = tell_sources(out);
  if (!told || !state_) return told;
  return state_->save(*detector_);
}

void Judge::save() {
  if (const Result<void> saved = state_->save_now_and_then(*detector_); !saved)
    save_failed_.add(saved.error().text);
}

void Judge::reread_limits() {
  Result<session::Limits> read = read_limits(settings_.limits_file);
  if (read)
    limits_ = std::move(*read);
  else
    command_.warn(read.error().text + "; the limits stay as they were");
}

}  // namespace session_detect
