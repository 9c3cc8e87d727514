// SPDX-License-Identifier: MIT
// The words given to --allow: prefixes, or files of them.
#include "ipban/allowlist.h"

#include <fcntl.h>

#include "base/fd.h"
#include "guard/guard.h"

namespace xlimit::ipban {
namespace {

constexpr std::size_t kLargest = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kChunk = 65536;

base::Result<std::string> read_file(const std::string& path) {
  const base::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return base::os_error("open '" + path + "'");
  std::string text;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + kChunk);
    ssize_t size;
    do size = ::read(fd.get(), text.data() + before, kChunk);
    while (size < 0 && errno == EINTR);
    if (size < 0) return base::os_error("read '" + path + "'");
    text.resize(before + static_cast<std::size_t>(size));
    if (size == 0) return text;
    if (text.size() > kLargest)
      return base::fail(base::Exit::kConfig, "read '" + path + "': larger than 64 MiB");
  }
}

}  // namespace

base::Result<std::vector<ip::Prefix>> read_allowlists(const std::vector<std::string>& words) {
  std::vector<ip::Prefix> prefixes;
  for (const std::string& word : words) {
    if (const std::optional<ip::Prefix> prefix = ip::parse_prefix(word)) {
      prefixes.push_back(*prefix);
      continue;
    }
    base::Result<std::string> text = read_file(word);
    if (!text) return base::failed(text);
    base::Result<std::vector<ip::Prefix>> listed = guard::parse_allowlist(*text, word);
    if (!listed) return listed;
    prefixes.insert(prefixes.end(), listed->begin(), listed->end());
  }
  return prefixes;
}

}  // namespace xlimit::ipban
