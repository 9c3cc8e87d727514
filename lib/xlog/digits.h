// SPDX-License-Identifier: MIT
// Decimal digits, eight at a time.
#pragma once

#include <endian.h>

#include <cstdint>
#include <cstring>

namespace xlimit::xlog {

// Eight characters in one word, the first in its lowest byte, each as what it is more or less than '0' by
// exclusive or: a digit becomes its value.
inline std::uint64_t load_digits(const char* text) {
  std::uint64_t word;
  std::memcpy(&word, text, sizeof word);
  return le64toh(word) ^ 0x3030303030303030U;
}

inline bool are_digits(std::uint64_t word) {
  return (((word + 0x7676767676767676U) | word) & 0x8080808080808080U) == 0;
}

// The number they make, in three multiplications: pairs, fours, all.
inline std::uint64_t join_digits(std::uint64_t word) {
  word = (word * 2561) >> 8 & 0x00ff00ff00ff00ffU;
  word = (word * 6553601) >> 16 & 0x0000ffff0000ffffU;
  return (word * 42949672960001U) >> 32;
}

}  // namespace xlimit::xlog
