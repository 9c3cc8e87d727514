// SPDX-License-Identifier: MIT
// What an AtomicFile leaves beside its file when its process is killed.
#include "store/abandoned.h"

#include <chrono>
#include <filesystem>

namespace xlimit::store {
namespace {

constexpr std::chrono::hours kAbandoned{1};
constexpr std::size_t kRandom = 7;  // ".XXXXXX"

}  // namespace

void clear_away_abandoned(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path file{path};
  for (const fs::directory_entry& entry : fs::directory_iterator{file.parent_path(), error}) {
    const std::string name = entry.path().filename().string();
    if (name.size() != file.filename().string().size() + kRandom ||
        !name.starts_with(file.filename().string() + '.'))
      continue;
    const auto age = fs::file_time_type::clock::now() - entry.last_write_time(error);
    if (!error && age > kAbandoned) fs::remove(entry.path(), error);
  }
}

}  // namespace xlimit::store
