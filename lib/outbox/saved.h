// SPDX-License-Identifier: MIT
// The checkpoint's file: a state in plain text, so that an operator can read it, replaced as a whole and
// synced.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xlimit::outbox {

struct Saved {
  std::uint64_t generation = 0;  // grows with every commit
  std::string state;             // lines
};

std::string format(const Saved& saved);
// Absent when the text is no checkpoint, or not a whole one.
std::optional<Saved> parse(std::string_view text);

// Absent when there is no such file. Fails with kData when it is no checkpoint.
base::Result<std::optional<Saved>> read_saved(const std::string& path);
base::Result<void> write_saved(const std::string& path, const Saved& saved);

}  // namespace xlimit::outbox
