// SPDX-License-Identifier: MIT
// Lock, restore, save.
#include "session-detect/state.h"

#include <fmt/format.h>
#include <unistd.h>

#include "stream/file.h"

namespace session_detect {

using base::Result;

namespace {

constexpr std::size_t kMostState = std::size_t{4} * 1024 * 1024 * 1024;
constexpr int kShare = 20;

}  // namespace

Result<StateFile> StateFile::open(const std::string& path, session::Detector& detector) {
  Result<store::Lock> lock = store::Lock::take(path);
  if (!lock) return base::failed(lock);
  if (::access(path.c_str(), F_OK) == 0) {
    const Result<std::string> text = stream::read_file(path, kMostState);
    if (!text) return tl::make_unexpected(text.error());
    if (const Result<void> restored = detector.restore(*text); !restored)
      return base::fail(restored.error().code, fmt::format("state '{}': {}", path, restored.error().text));
  }
  return StateFile{path, std::move(*lock)};
}

Result<void> StateFile::save(const session::Detector& detector) {
  const Clock::time_point begin = Clock::now();
  Result<store::AtomicFile> file = store::AtomicFile::create(path_);
  if (!file) return base::failed(file);
  Result<void> written;
  detector.save([&](std::string_view line) {
    if (written) written = file->write(line);
  });
  if (written) written = file->commit();
  next_ = Clock::now() + kShare * (Clock::now() - begin);
  return written;
}

Result<void> StateFile::save_now_and_then(const session::Detector& detector) {
  return Clock::now() < next_ ? Result<void>{} : save(detector);
}

}  // namespace session_detect
