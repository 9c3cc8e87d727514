// SPDX-License-Identifier: MIT
// Whatever an allowlist holds: understood whole or refused, and what it lists is never banned.
#include <cstdint>

#include "guard/guard.h"

using namespace xlimit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto list = guard::parse_allowlist({reinterpret_cast<const char*>(data), size}, "list");
  if (!list) return 0;
  const guard::Guard guard{{.allow = *list}};
  for (const ip::Prefix& prefix : *list) {
    if (!guard.refusal(prefix) || !guard.refusal(ip::Prefix{prefix.address()})) __builtin_trap();
  }
  return 0;
}
