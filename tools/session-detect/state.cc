// SPDX-License-Identifier: MIT
// Lock, restore, record, write anew.
#include "session-detect/state.h"

#include <fmt/format.h>

#include "session/restorer.h"
#include "stream/lines.h"

namespace session_detect {

using base::Result;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSmall = 16 * 1024 * 1024;  // a log of this size is never worth writing anew
constexpr std::size_t kPiece = 64 * 1024;           // of it between two lines: a fifth of a millisecond
constexpr std::chrono::milliseconds kPause{2};      // between two pieces
constexpr std::chrono::seconds kLook{1};
constexpr std::chrono::seconds kTryAgain{30};

Result<void> read_lines(const store::Log& log, session::Restorer& restorer) {
  stream::Lines lines{stream::Lines::AtEnd::hold};
  std::string line;
  Result<void> taken;
  const auto take = [&](const stream::Piece& piece) {
    line.append(piece.text);
    if (!piece.last) return;
    if (taken) taken = restorer.take(line);
    line.clear();
  };
  while (taken) {
    const Result<stream::ReadState> state = lines.read(log.fd(), take);
    if (!state) return tl::make_unexpected(state.error());
    if (*state == stream::ReadState::ended) break;
  }
  return taken ? restorer.finish() : taken;
}

}  // namespace

StateFile::StateFile(const cli::Command& command, session::Detector& detector, store::Lock lock,
                     store::Log log)
    : detector_(detector),
      lock_(std::move(lock)),
      log_(std::move(log)),
      failed_(command, "save the state, going on without") {}

Result<std::unique_ptr<StateFile>> StateFile::open(const cli::Command& command, const std::string& path,
                                                   session::Detector& detector) {
  Result<store::Lock> lock = store::Lock::take(path, store::Lock::kHandOver);
  if (!lock) return base::failed(lock);
  Result<store::Log> log = store::Log::open(path);
  if (!log) return base::failed(log);
  session::Restorer restorer{detector};
  Result<void> read = log->whole() ? read_lines(*log, restorer) : Result<void>{};
  if (!read)
    return base::fail(read.error().code,
                      fmt::format("state '{}': {}; remove it to begin anew", path, read.error().text));
  if (const std::uint64_t torn = log->size() - restorer.good_bytes(); torn > 0) {
    command.warn(fmt::format("state '{}': torn when last written, the last {} bytes left out", path, torn));
    if (Result<void> cut = log->truncate(restorer.good_bytes()); !cut) return base::failed(cut);
  }
  detector.watch_changes();
  std::unique_ptr<StateFile> state{new StateFile(command, detector, std::move(*lock), std::move(*log))};
  // From the first line on there is a file that takes the changes, if there is room for it.
  state->complain(state->make_whole());
  return state;
}

void StateFile::watch(stream::Loop& loop) {
  slow_.emplace(loop, kLook, [this, &loop] {
    if (!log_.rewriting()) fast_.reset();
    if (!is_due()) return;
    next_try_ = Clock::now() + kTryAgain;
    complain(start());
    fast_.emplace(loop, kPause, [this] { complain(go_on()); });
  });
}

bool StateFile::is_due() const {
  if (log_.rewriting() || Clock::now() < next_try_) return false;
  return !log_.whole() || log_.size() > std::max(kSmall, 2 * rewritten_size_);
}

Result<void> StateFile::start() {
  Result<void> started = log_.start_rewriting();
  if (!started) return started;
  saving_.emplace(detector_);
  unmatched_ = 0;
  return {};
}

Result<void> StateFile::go_on() {
  if (!log_.rewriting()) saving_.reset();  // given up, or done
  if (saving_) return write_piece();
  return log_.ready() ? take_over() : Result<void>{};
}

// As much as was changed since the last piece, or there would never be an end.
Result<void> StateFile::write_piece() {
  text_.clear();
  const std::size_t size = std::max(kPiece, std::exchange(unmatched_, 0));
  const bool last =
      detector_.save_some(*saving_, size, [this](std::string_view lines) { text_.append(lines); });
  if (last) saving_.reset();
  Result<void> written = log_.rewrite(text_);
  if (written && last) log_.finish_rewriting();
  return written;
}

Result<void> StateFile::take_over() {
  Result<void> taken = log_.take_over();
  if (!taken) return taken;
  rewritten_size_ = log_.size();
  next_try_ = {};
  return {};
}

void StateFile::record() {
  text_.clear();
  detector_.save_changes([this](std::string_view lines) { text_.append(lines); });
  if (text_.empty()) return;
  unmatched_ += text_.size();
  complain(log_.append(text_));
}

Result<void> StateFile::finish(bool all_out) {
  slow_.reset();
  fast_.reset();
  if (!all_out) return {};
  record();
  Result<void> made = make_whole();
  return made ? log_.sync() : made;
}

// Waits until there is a file with everything in it.
Result<void> StateFile::make_whole() {
  Result<void> result;
  if (log_.rewriting() && !saving_) result = take_over();
  if (log_.whole()) return {};
  if (result) result = start();
  while (result && saving_) result = write_piece();
  return result ? take_over() : result;
}

}  // namespace session_detect
