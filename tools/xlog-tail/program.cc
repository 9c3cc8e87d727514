// SPDX-License-Identifier: MIT
// Sources, timers and signals around the follower, until the last line is out.
#include "xlog-tail/program.h"

#include <chrono>

#include "stage/metrics_file.h"
#include "stage/slice.h"
#include "stream/output.h"

namespace xlimit::xlog_tail {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLastWords{1000};

}  // namespace

Program::Program(const Settings& settings, const cli::Command& command, outbox::Outbox out,
                 std::optional<follow::State> state)
    : settings_(settings),
      command_(command),
      out_(std::move(out)),
      tail_(
          loop_,
          {.state = std::move(state),
           .follow = !settings.once,
           .from = settings.begins(),
           .resumed_later = !settings.checkpoint.empty(),
           .warning = [this](const std::string& text) { command_.warn(text); }},
          [this](const std::string& name) { return open_feed(name); }, [this] { went_out(); }) {}

base::Result<base::Exit> Program::run() {
  stage::ask_for_slice(stage::kReaderSlice);
  if (base::Result<void> added = add_sources(); !added) return base::failed(added);
  const stream::Timer second{loop_, 1s, [this] {
                               report_soon_ = true;
                               went_out();
                             }};
  auto metrics = stage::MetricsFile::open(command_, settings_.metrics, loop_,
                                          [this](metrics::Page& page) { count(page); });
  if (!metrics) return base::failed(metrics);
  // No events asked for: a pipe or socket whose reader left reports it by itself.
  const stream::Watch reader{loop_, out_.fd(), 0, [this](short bits) {
                               if (stream::Output::reader_left(bits)) loop_.stop();
                             }};
  if (!out_.pending()) commit();  // an earlier run's last words come first
  send();
  base::Result<void> ended = loop_.run();
  if (ended && out_.gone()) return base::Exit::kDone;
  base::Result<void> done = broken_ ? base::Result<void>{} : end();
  if (!ended) return base::failed(ended);
  if (!done) return base::failed(done);
  return settings_.once && incomplete_ ? base::Exit::kSystem : base::Exit::kDone;
}

base::Result<void> Program::add_sources() {
  if (base::Result<void> added = tail_.add(settings_.files); !added) return added;
  return settings_.command.empty() ? base::Result<void>{} : tail_.add_command(settings_.command);
}

void Program::went_out() {
  if (out_.pending() || loop_.stopped()) return;
  if (report_soon_) report_soon_ = !report(false);
  commit();
  send();
}

void Program::commit() {
  state_.clear();
  if (!settings_.checkpoint.empty()) tail_.append_state(state_);
  out_.commit(state_);
}

// While the reader takes nothing, nothing is read.
void Program::send() {
  base::Result<bool> all = out_.send();
  if (!all) {
    broken_ = true;
    return loop_.stop(std::move(all.error()));
  }
  if (out_.gone()) return loop_.stop();
  if (!*all) {
    if (!writable_) writable_.emplace(loop_, out_.fd(), POLLOUT, [this](short) { send(); });
    return tail_.pause();
  }
  const auto saved = out_.save(std::chrono::steady_clock::now());
  if (!saved) unsaved_.add(saved.error().text);
  if (!writable_) return;
  writable_.reset();
  tail_.resume();
}

base::Result<void> Program::end() {
  tail_.finish();
  for (bool all = false; !all;) {
    if (base::Result<void> drained = out_.drain(kLastWords); !drained || out_.gone()) return drained;
    all = report(true);
    commit();
  }
  base::Result<void> drained = out_.drain(kLastWords);
  return drained ? out_.finish() : drained;
}

}  // namespace xlimit::xlog_tail
