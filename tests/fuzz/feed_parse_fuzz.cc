// SPDX-License-Identifier: MIT
// Whatever a list holds: its prefixes, written and read again, are the same prefixes.
#include <cstdint>

#include "feed/parse.h"

using namespace xlimit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  feed::Parsed parsed = feed::parse({reinterpret_cast<const char*>(data), size});
  parsed.ranges.unite();
  std::string text;
  for (const ip::Prefix& prefix : parsed.ranges.prefixes()) text += ip::to_string(prefix) + '\n';
  feed::Parsed again = feed::parse(text);
  again.ranges.unite();
  if (again.invalid != 0 || again.ranges.prefixes() != parsed.ranges.prefixes()) __builtin_trap();
  return 0;
}
