// SPDX-License-Identifier: MIT
// A failure is known by the file's size and time of last write.
#include "follow/unpacker.h"

#include <algorithm>

namespace xlimit::follow {
namespace {

// Not for what it holds.
bool was_foiled(const base::Error& error) {
  return error.code == base::Exit::kIo || error.code == base::Exit::kSystem;
}

bool was_unreadable(const base::Error& error) { return error.code == base::Exit::kData || was_foiled(error); }

}  // namespace

base::Result<LogFile> Unpacker::open(const Sibling& sibling) {
  const auto known = std::find_if(failed_.begin(), failed_.end(),
                                  [&](const auto& one) { return one.first == sibling.facts; });
  if (known != failed_.end()) return tl::make_unexpected(known->second);
  base::Result<LogFile> file = open_sibling(logs_, sibling);
  std::erase_if(failed_, [&](const auto& one) { return one.first.file.same_inode(sibling.facts.file); });
  if (failed_.size() >= kMostFailed) failed_.clear();
  if (file || !sibling.compressed) return file;
  if (was_unreadable(file.error())) failed_.emplace_back(sibling.facts, file.error());
  return file;
}

bool Unpacker::is_foiled(const Sibling& packed) const {
  return std::any_of(failed_.begin(), failed_.end(),
                     [&](const auto& one) { return one.first == packed.facts && was_foiled(one.second); });
}

bool Unpacker::is_unreadable(const Sibling& packed) {
  const base::Result<LogFile> file = open(packed);
  return !file && was_unreadable(file.error());
}

bool Unpacker::retry(std::chrono::steady_clock::time_point now) {
  if (now - retried_ < kRetry) return false;
  retried_ = now;
  return std::erase_if(failed_, [](const auto& one) { return was_foiled(one.second); }) > 0;
}

}  // namespace xlimit::follow
