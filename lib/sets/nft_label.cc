// SPDX-License-Identifier: MIT
// What the set of a list in nftables says of itself.
#include "sets/nft_label.h"

#include <charconv>

namespace xlimit::sets {
namespace {

constexpr std::string_view kUpTo = " prefixes up to ";

}  // namespace

std::string label_for(std::span<const ip::Prefix> prefixes) {
  if (prefixes.empty()) return "0 prefixes";
  std::uint64_t digest = 0;
  for (const ip::Prefix& prefix : prefixes)
    digest = digest * 0x100000001b3U + std::hash<ip::Prefix>{}(prefix);
  return std::to_string(prefixes.size()) + std::string{kUpTo} + ip::to_string(prefixes.back()) + ", digest " +
         std::to_string(digest);
}

std::uint64_t count_in(std::string_view label) {
  std::uint64_t count = 0;
  (void)std::from_chars(label.data(), label.data() + label.size(), count);
  return count;
}

std::optional<ip::Prefix> last_in(std::string_view label) {
  const std::size_t at = label.find(kUpTo);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = label.substr(at + kUpTo.size());
  return ip::parse_prefix(rest.substr(0, rest.find(',')));
}

}  // namespace xlimit::sets
