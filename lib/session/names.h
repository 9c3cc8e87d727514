// SPDX-License-Identifier: MIT
// Names of users, each in as few bytes as it has, rounded up to eight. The heap would take 32 for eight.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/pages.h"

namespace xlimit::session {

// Longest name; longer ones are cut by nobody, so their owners must be refused before.
inline constexpr std::size_t kMaxName = 4096;

class Names {
 public:
  // Where the name now is, for text() and remove(), which also want its length.
  std::uint32_t add(std::string_view name);
  std::string_view text(std::uint32_t at, std::size_t length) const { return {slot(at), length}; }
  void remove(std::uint32_t at, std::size_t length);

 private:
  static constexpr std::size_t kUnit = 8;
  static constexpr std::size_t kChunkUnits = base::kHugePage / kUnit;

  static std::size_t units(std::size_t length) { return (length + kUnit - 1) / kUnit; }
  char* slot(std::uint32_t at) const {
    return static_cast<char*>(chunks_[at / kChunkUnits].get()) + at % kChunkUnits * kUnit;
  }

  std::vector<base::Pages> chunks_;
  std::size_t used_ = kChunkUnits;                                     // units of the last chunk
  std::array<std::vector<std::uint32_t>, kMaxName / kUnit + 1> free_;  // by units
};

}  // namespace xlimit::session
