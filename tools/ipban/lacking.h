// SPDX-License-Identifier: MIT
// Lists that were kept, and that the kernel has lost.
#pragma once

#include <optional>

#include "ip/ranges.h"
#include "ipban/memory.h"
#include "journal/lists.h"

namespace xlimit::ipban {

class Lacking {
 public:
  // All must live as long. What is spared is read once, when a list lacks something.
  Lacking(const Settings& settings, const cli::Command& command, const Memory& memory)
      : settings_(settings), command_(command), memory_(memory) {}

  // The families of a list that the kernel has nothing of, though restore would fill them now.
  base::Result<journal::KeptFamilies> look(const journal::KeptList& list, const sets::ListState& state);

 private:
  const Settings& settings_;
  const cli::Command& command_;
  const Memory& memory_;
  std::optional<ip::Ranges> spared_;
};

}  // namespace xlimit::ipban
