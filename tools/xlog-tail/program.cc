// SPDX-License-Identifier: MIT
#include "xlog-tail/program.h"

#include <chrono>

#include "base/clock.h"
#include "base/zone.h"

namespace xlimit::xlog_tail {
namespace {

using namespace std::chrono_literals;

follow::From from(const Settings& settings) {
  const bool automatic_start = settings.from == Start::automatic && settings.once;
  return automatic_start || settings.from == Start::start ? follow::From::start : follow::From::end;
}

// Places of an earlier run, unless the operator wants to begin elsewhere.
std::optional<std::vector<follow::Place>> places(const Settings& settings,
                                                 const std::optional<follow::Checkpoint>& checkpoint) {
  const bool wanted = settings.from == Start::automatic || settings.from == Start::last;
  return wanted && checkpoint ? checkpoint->places() : std::nullopt;
}

}  // namespace

Program::Program(const Settings& settings, const cli::Command& command,
                 std::optional<follow::Checkpoint> checkpoint)
    : settings_(settings),
      command_(command),
      checkpoint_(std::move(checkpoint)),
      tail_(
          loop_,
          {.places = places(settings, checkpoint_),
           .follow = !settings.once,
           .from = from(settings),
           .resumed_later = checkpoint_.has_value()},
          [this](const std::string& name) { return open_feed(name); }, [this] { went_out(); }) {}

base::Result<base::Exit> Program::run() {
  for (const std::string& file : settings_.files) {
    if (base::Result<void> added = tail_.add(file); !added) return base::failed(added);
  }
  if (!settings_.command.empty()) {
    if (base::Result<void> added = tail_.add_command(settings_.command); !added) return base::failed(added);
  }
  const stream::Timer second{loop_, 1s, [this] { report(false); }};
  // No events asked for: a pipe or socket whose reader left reports it by itself.
  const stream::Watch reader{loop_, out_.fd(), 0, [this](short bits) {
                               if (stream::Output::reader_left(bits)) loop_.stop();
                             }};
  base::Result<void> ended = loop_.run();
  if (ended && out_.gone()) return base::Exit::kDone;
  report(true);
  base::Result<void> done = out_.flush();
  if (!ended) return base::failed(ended);
  if (done && checkpoint_ && !out_.gone()) done = checkpoint_->finish(tail_.places());
  if (!done) return base::failed(done);
  return base::Exit::kDone;
}

follow::Follower::Sink Program::open_feed(const std::string& name) {
  feeds_.push_back(std::make_unique<xlog::Feed>(name, command_.common().node, base::to_utc));
  xlog::Feed* feed = feeds_.back().get();
  if (from(settings_) == follow::From::end) feed->reader().set_last(base::now());
  return {.piece = [this, feed](const stream::Piece& piece) { take(*feed, piece); },
          .gap =
              [this, feed](follow::Gap gap, std::uint64_t bytes) {
                feed->count_bytes(gap == follow::Gap::lost ? "lost" : "truncated", bytes);
                report_soon_ = true;
              },
          .warning = [this](const std::string& text) { command_.warn(text); }};
}

// What is left of a slice when writing has failed is dropped: the checkpoint stays before it.
void Program::take(xlog::Feed& feed, const stream::Piece& piece) {
  if (loop_.stopped()) return;
  if (piece.whole()) {
    check(out_.write(feed.take(piece.text)));
  } else if (piece.first) {
    feed.count(xlog::Kind::too_long, piece.text);
  }
}

void Program::went_out() {
  if (report_soon_) report(false);
  check(out_.flush());
  if (!checkpoint_ || loop_.stopped()) return;
  const auto saved = checkpoint_->save(tail_.places(), std::chrono::steady_clock::now());
  if (!saved) unsaved_.add(saved.error().text);
}

void Program::report(bool end) {
  report_soon_ = false;
  event::Line line;
  for (const std::unique_ptr<xlog::Feed>& feed : feeds_) {
    feed->report(base::now(), end,
                 [&](const event::Source& source) { check(out_.write(event::encode(source, line))); });
    if (const std::string_view trouble = feed->trouble(); !trouble.empty())
      command_.warn("'" + feed->file() + "': " + std::string{trouble});
  }
  check(out_.flush());
}

void Program::check(base::Result<void> result) {
  if (!result) loop_.stop(std::move(result.error()));
  if (out_.gone()) loop_.stop();
}

}  // namespace xlimit::xlog_tail
