// SPDX-License-Identifier: MIT
// Tells the bytes that a state comes from, which may still stand in the pipe when their reader is killed.
#pragma once

#include <cstdint>
#include <string_view>

#include "session/hash.h"

namespace xlimit::session {

struct Mark {
  std::uint64_t size = 0;  // 0: none
  std::uint32_t hash = 0;

  bool operator==(const Mark&) const = default;
};
// The same in every process.
inline Mark mark_of(std::string_view text) { return {text.size(), Hash{0}(text)}; }

}  // namespace xlimit::session
