// SPDX-License-Identifier: MIT
// Where one installation remembers what it did: a folder, and how its files begin there. Each network
// namespace has sets of its own, so what belongs to one must not come back in another: in a folder that all
// share, each has its own files.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace xlimit::journal {

struct Place {
  std::string folder;
  std::string stem;

  std::string path(std::string_view ending) const { return folder + '/' + stem + '.' + std::string{ending}; }
  std::string journal() const { return path("journal"); }
};

// Files begin with "PREFIX" in the host's own network namespace and with "PREFIX@COOKIE" in any other. A
// namespace that can't be told from the host's is taken for it. Files of other namespaces that were left from
// before the last boot are removed.
Place shared_place(const std::string& folder, const std::string& prefix);

// Makes the folder, readable by its owner and group, and those above it that are missing.
base::Result<void> make_folder(const Place& place);

}  // namespace xlimit::journal
