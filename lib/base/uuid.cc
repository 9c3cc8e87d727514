// SPDX-License-Identifier: MIT
// 48 bits of time, version and variant, 74 bits of hash.
#include "base/uuid.h"

#include <cstdint>

namespace xlimit::base {
namespace {

// FNV-1a with 64 bits, from `seed`, finished with splitmix64's mixer so that every bit depends on every byte.
std::uint64_t hash(std::string_view content, std::uint64_t seed) {
  std::uint64_t value = 0xcbf29ce484222325U ^ seed;
  for (const char c : content) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

}  // namespace

std::string make_uuid7(Time time, std::string_view content) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto stamp = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  const std::uint64_t high = static_cast<std::uint64_t>(stamp) << 16 | 0x7000U | (hash(content, 1) & 0x0fffU);
  const std::uint64_t low = 0x8000000000000000U | (hash(content, 2) & 0x3fffffffffffffffU);
  std::string text;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text += '-';
    text += kHex[(digit < 16 ? high >> (60 - 4 * digit) : low >> (124 - 4 * digit)) & 15];
  }
  return text;
}

}  // namespace xlimit::base
