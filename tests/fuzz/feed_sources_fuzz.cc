// SPDX-License-Identifier: MIT
// Whatever a file of sources holds: refused with one line that names the file, or sources that a cache can
// keep apart by their names.
#include <cstdint>
#include <set>

#include "feed/sources.h"

using namespace xlimit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto sources = feed::parse_sources({reinterpret_cast<const char*>(data), size}, "lists.toml");
  if (!sources) {
    const std::string& text = sources.error().text;
    if (text.find("lists.toml") == std::string::npos || text.find('\n') != std::string::npos)
      __builtin_trap();
    return 0;
  }
  std::set<std::string> names;
  for (const feed::Source& source : *sources) {
    const bool named = !source.name.empty() && source.name.find_first_of("/.") == std::string::npos;
    if (!named || !names.insert(source.name).second || source.url.empty()) __builtin_trap();
  }
  if (sources->size() > feed::kMostSources) __builtin_trap();
  return 0;
}
