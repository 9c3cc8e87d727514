// SPDX-License-Identifier: MIT
// What an AtomicFile leaves beside its file when its process is killed.
#include "store/abandoned.h"

#include <chrono>
#include <filesystem>
#include <unordered_set>

namespace xlimit::store {
namespace {

constexpr std::chrono::hours kAbandoned{1};
constexpr std::size_t kRandom = 7;  // ".XXXXXX"

}  // namespace

void clear_away_abandoned(std::span<const std::string> paths) {
  namespace fs = std::filesystem;
  if (paths.empty()) return;
  std::unordered_set<std::string> names;
  for (const std::string& path : paths) names.insert(fs::path{path}.filename().string());
  const fs::path parent = fs::path{paths.front()}.parent_path();
  std::error_code error;
  fs::directory_iterator entry{parent.empty() ? "." : parent, error};
  for (; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() <= kRandom || name[name.size() - kRandom] != '.') continue;
    if (!names.contains(name.substr(0, name.size() - kRandom))) continue;
    std::error_code gone;
    const auto age = fs::file_time_type::clock::now() - entry->last_write_time(gone);
    if (!gone && age > kAbandoned) fs::remove(entry->path(), gone);
  }
}

}  // namespace xlimit::store
