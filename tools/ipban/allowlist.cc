// SPDX-License-Identifier: MIT
// The words given to --allow: prefixes, or files of them.
#include "ipban/allowlist.h"

#include "guard/guard.h"
#include "stream/file.h"

namespace xlimit::ipban {
namespace {

constexpr std::size_t kLargest = std::size_t{64} * 1024 * 1024;

}  // namespace

base::Result<std::vector<ip::Prefix>> read_allowlists(const std::vector<std::string>& words) {
  return guard::gather_allowlists(words,
                                  [](const std::string& file) { return stream::read_file(file, kLargest); });
}

}  // namespace xlimit::ipban
