// SPDX-License-Identifier: MIT
// A hash whose collisions cannot be prepared by who chooses the keys: every table has a seed of its own.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace xlimit::session {

class Hash {
 public:
  explicit Hash(std::uint64_t seed) : seed_(fold(seed ^ kFirst, kSecond)) {}

  std::uint32_t operator()(std::string_view text) const {
    std::uint64_t state = seed_ ^ text.size();
    for (; text.size() > kStep; text.remove_prefix(kStep)) state = mix(state, text);
    return static_cast<std::uint32_t>(fold(mix(state, text), kSecond) >> 32);
  }

 private:
  static constexpr std::size_t kStep = 16;
  static constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15U, kSecond = 0xbf58476d1ce4e5b9U;

  // Both halves of the product: each bit of either word reaches all of the result.
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  // The first kStep bytes, or what there is.
  std::uint64_t mix(std::uint64_t state, std::string_view text) const {
    std::uint64_t words[2]{};
    text.copy(reinterpret_cast<char*>(words), kStep);
    return fold(words[0] ^ seed_, words[1] ^ state);
  }

  std::uint64_t seed_;
};

}  // namespace xlimit::session
