// SPDX-License-Identifier: MIT
// Chunks, filled from the front; freed places are used again for names of the same size.
#include "session/names.h"

#include <stdexcept>

namespace xlimit::session {

std::uint32_t Names::add(std::string_view name) {
  if (name.size() > kMaxName) throw std::length_error{"session: name too long"};
  const std::size_t wanted = units(name.size());
  std::uint32_t at = 0;
  if (!free_[wanted].empty()) {
    at = free_[wanted].back();
    free_[wanted].pop_back();
  } else {
    if (used_ + wanted > kChunkUnits) {
      chunks_.push_back(base::allocate_pages(base::kHugePage, !chunks_.empty()));
      used_ = 0;
    }
    at = static_cast<std::uint32_t>((chunks_.size() - 1) * kChunkUnits + used_);
    used_ += wanted;
  }
  name.copy(slot(at), name.size());
  return at;
}

void Names::remove(std::uint32_t at, std::size_t length) { free_[units(length)].push_back(at); }

}  // namespace xlimit::session
