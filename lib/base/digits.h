// SPDX-License-Identifier: MIT
// Decimal digits, eight at a time and two at a time.
#pragma once

#include <endian.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace xlimit::base {

// Eight characters in one word, the first in its lowest byte, each as what it is more or less than '0' by
// exclusive or: a digit becomes its value.
inline std::uint64_t load_digits(const char* text) {
  std::uint64_t word;
  std::memcpy(&word, text, sizeof word);
  return le64toh(word) ^ 0x3030303030303030U;
}

// The highest bit of each byte that is no digit, and maybe of bytes behind one.
inline std::uint64_t non_digits(std::uint64_t word) {
  return ((word + 0x7676767676767676U) | word) & 0x8080808080808080U;
}

inline bool are_digits(std::uint64_t word) { return non_digits(word) == 0; }

// The number they make, in three multiplications: pairs, fours, all.
inline std::uint64_t join_digits(std::uint64_t word) {
  word = (word * 2561) >> 8 & 0x00ff00ff00ff00ffU;
  word = (word * 6553601) >> 16 & 0x0000ffff0000ffffU;
  return (word * 42949672960001U) >> 32;
}

// "00" to "99".
inline constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> all{};
  for (unsigned i = 0; i < 100; ++i) {
    all[2 * i] = static_cast<char>('0' + i / 10);
    all[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return all;
}();

// `value` is below 100.
inline void put_pair(unsigned value, char* out) { std::memcpy(out, kPairs.data() + 2 * value, 2); }

// As std::to_chars: a port has five digits, or four, when it is a client's.
inline char* put_port(std::uint16_t port, char* out) {
  if (port < 1000) return std::to_chars(out, out + 3, port).ptr;
  if (port >= 10000) *out++ = static_cast<char>('0' + port / 10000);
  const unsigned rest = port % 10000U;
  put_pair(rest / 100, out);
  put_pair(rest % 100, out + 2);
  return out + 4;
}

}  // namespace xlimit::base
