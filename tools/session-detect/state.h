// SPDX-License-Identifier: MIT
// --state: the detector's memory in a file, so that a restart changes no verdict. Every change is written to
// it right after what follows from it has left, so not even a kill loses a verdict; when the changes outgrow
// the memory it is written anew, in pieces between the lines.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/complaint.h"
#include "session/detector.h"
#include "store/atomic_file.h"
#include "store/log.h"
#include "stream/loop.h"

namespace session_detect {

using namespace xlimit;

class StateFile {
 public:
  // Takes the lock and restores what the file holds; a file that is not there is a new beginning. Fails with
  // kTemporary when another process has the file, with kData when it is not a whole state. What was torn at
  // its end is told and left out.
  static base::Result<std::unique_ptr<StateFile>> open(const cli::Command& command, const std::string& path,
                                                       session::Detector& detector);

  // Begins to write anew when it is time to, as long as `loop` runs. What fails is complained about, and
  // tried again.
  void watch(stream::Loop& loop);
  // What has changed since the last time.
  void record();
  bool has_much() const { return detector_.changes() >= kMuch; }
  // At the end, while the loop still lives. With `all_out` all of it is on the disk then, otherwise what was
  // recorded so far stays.
  base::Result<void> finish(bool all_out);

 private:
  static constexpr std::size_t kMuch = 8192;  // changes; more than what is read at once from a pipe can make

  StateFile(const cli::Command& command, session::Detector& detector, store::Lock lock, store::Log log);
  bool is_due() const;
  base::Result<void> start();
  base::Result<void> go_on();
  base::Result<void> write_piece();
  base::Result<void> take_over();
  base::Result<void> make_whole();
  void complain(const base::Result<void>& result) {
    if (!result) failed_.add(result.error().text);
  }

  session::Detector& detector_;
  store::Lock lock_;
  store::Log log_;
  cli::Complaint failed_;
  std::uint64_t rewritten_size_ = 0;  // of the log when it was last written anew
  std::uint64_t unmatched_ = 0;       // bytes of changes since the last piece
  std::optional<session::Detector::Saving> saving_;
  std::chrono::steady_clock::time_point next_try_;
  std::optional<stream::Timer> slow_, fast_;
  std::string text_;
};

}  // namespace session_detect
