// SPDX-License-Identifier: MIT
// Whatever a list holds: its prefixes, written and read again, are the same prefixes, and in pieces it is
// the same list.
#include <cstdint>

#include "feed/parse.h"

using namespace xlimit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  feed::Parsed parsed = feed::parse({reinterpret_cast<const char*>(data), size});
  feed::Parser parser;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  for (std::size_t at = 0; at < size; at += 7) parser.add(bytes.substr(at, 7));
  const feed::Parsed pieces = parser.finish();
  if (pieces.entries != parsed.entries || pieces.invalid != parsed.invalid ||
      pieces.sample != parsed.sample || pieces.ranges.prefixes() != parsed.ranges.prefixes())
    __builtin_trap();
  parsed.ranges.unite();
  std::string text;
  for (const ip::Prefix& prefix : parsed.ranges.prefixes()) text += ip::to_string(prefix) + '\n';
  feed::Parsed again = feed::parse(text);
  again.ranges.unite();
  if (again.invalid != 0 || again.ranges.prefixes() != parsed.ranges.prefixes()) __builtin_trap();
  return 0;
}
