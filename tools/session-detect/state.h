// SPDX-License-Identifier: MIT
// --state: the detector's memory in a file, so that a restart changes no verdict.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "session/detector.h"
#include "store/atomic_file.h"

namespace session_detect {

using namespace xlimit;

class StateFile {
 public:
  // Takes the lock and restores what the file holds; a file that is not there is a new beginning. Fails with
  // kTemporary when another process has the file, with kData when it is not a whole state.
  static base::Result<StateFile> open(const std::string& path, session::Detector& detector);

  base::Result<void> save(const session::Detector& detector);
  // Saves unless the last save is recent: kept below a twentieth of the time.
  base::Result<void> save_now_and_then(const session::Detector& detector);

 private:
  using Clock = std::chrono::steady_clock;

  StateFile(std::string path, store::Lock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  store::Lock lock_;
  Clock::time_point next_;
};

}  // namespace session_detect
