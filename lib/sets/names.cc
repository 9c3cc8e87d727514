// SPDX-License-Identifier: MIT
// What the kernel objects of one installation are called.
#include "sets/names.h"

#include <algorithm>

namespace xlimit::sets {
namespace {

constexpr std::size_t kLongest = 24;  // IPSET_MAXNAMELEN is 32 with its NUL

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_plain(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

}  // namespace

base::Result<void> check_prefix(std::string_view prefix) {
  if (!prefix.empty() && prefix.size() <= kLongest && is_letter(prefix.front()) &&
      std::ranges::all_of(prefix, is_plain))
    return {};
  return base::fail(base::Exit::kUsage, "--set '" + std::string{prefix} +
                                            "': not 1 to 24 letters, digits, '-' and '_' after a letter");
}

base::Result<void> check_ports(std::span<const std::uint16_t> ports) {
  if (ports.size() > kMostPorts)
    return base::fail(base::Exit::kUsage, "--port: more than " + std::to_string(kMostPorts) + " ports");
  for (const std::uint16_t port : ports) {
    if (port == 0 || std::ranges::count(ports, port) > 1)
      return base::fail(base::Exit::kUsage, "--port '" + std::to_string(port) +
                                                (port == 0 ? "': no such port" : "': given twice"));
  }
  return {};
}

Names::Names(std::string_view prefix) {
  for (const SetKey key : kAllKeys)
    names_[index(key)] = std::string{prefix} + (key.family == Family::v4 ? '4' : '6') +
                         (key.direction == Direction::out ? "out" : "");
}

}  // namespace xlimit::sets
