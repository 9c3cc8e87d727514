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
  std::vector<ip::Prefix> prefixes;
  for (const std::string& word : words) {
    if (const std::optional<ip::Prefix> prefix = ip::parse_prefix(word)) {
      prefixes.push_back(*prefix);
      continue;
    }
    base::Result<std::string> text = stream::read_file(word, kLargest);
    if (!text) return base::failed(text);
    base::Result<std::vector<ip::Prefix>> listed = guard::parse_allowlist(*text, word);
    if (!listed) return listed;
    prefixes.insert(prefixes.end(), listed->begin(), listed->end());
  }
  return prefixes;
}

}  // namespace xlimit::ipban
