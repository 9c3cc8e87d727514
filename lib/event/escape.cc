// SPDX-License-Identifier: MIT
// JSON string escaping of text that may be anything: what the log says was chosen by strangers.
#include <algorithm>
#include <bit>

#include "event/writer.h"

namespace xlimit::event {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighs = 0x8080808080808080U;
constexpr std::uint64_t kGap = 0x2020000020200000U;  // blanks where two pairs leave room in a word

// The high bit of every byte that is not plain: control, '"', '\\', DEL excluded, or 0x80 and above.
std::uint64_t special_bytes(std::uint64_t word) {
  const auto zero_bytes = [](std::uint64_t x) { return (x - kOnes) & ~x & kHighs; };
  return (((word - kOnes * 0x20) & ~word) | zero_bytes(word ^ kOnes * '"') | zero_bytes(word ^ kOnes * '\\') |
          word) &
         kHighs;
}

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

// How many bytes the well-formed UTF-8 sequence at the front of `text` has; 0 when it is malformed, overlong,
// a surrogate or above U+10FFFF (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (at(i) & 0xc0U) == 0x80U; };
  const unsigned lead = at(0), second = at(1);
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && second < 0xa0, surrogate = lead == 0xed && second > 0x9f;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && second < 0x90, beyond = lead == 0xf4 && second > 0x8f;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

struct Escaped {
  char text[6];
  std::size_t length;  // as written
  std::size_t taken;   // as read
};

// One character that is not a plain byte.
Escaped escape_one(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(text.front());
  switch (byte) {
    case '"': return {{'\\', '"'}, 2, 1};
    case '\\': return {{'\\', '\\'}, 2, 1};
    case '\n': return {{'\\', 'n'}, 2, 1};
    case '\r': return {{'\\', 'r'}, 2, 1};
    case '\t': return {{'\\', 't'}, 2, 1};
    default: break;
  }
  if (byte < 0x20) return {{'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}, 6, 1};
  if (byte < 0x80) return {{static_cast<char>(byte)}, 1, 1};
  const std::size_t length = sequence_length(text);
  if (length == 0) return {{'\xef', '\xbf', '\xbd'}, 3, 1};
  Escaped whole{{}, length, length};
  text.copy(whole.text, length);
  return whole;
}

// Sixteen bytes in one of the compiler's vectors; signed, so that 0x80 and above are below blank.
using Bytes [[gnu::vector_size(16)]] = signed char;

// All ones where a byte is not plain.
Bytes special_bytes(Bytes bytes) {
  return Bytes(bytes < 0x20) | Bytes(bytes == '"') | Bytes(bytes == '\\') | Bytes(bytes == 0x7f);
}

bool is_zero(Bytes special) {
  std::uint64_t halves[2];
  std::memcpy(halves, &special, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

// The first and the last bytes of a text of `sizeof(Half)` to twice as many. In registers: a vector put
// together in memory would wait for its two stores.
template <class Half>
bool copy_ends(std::string_view text, char* out) {
  Half first, last;
  const std::size_t at = text.size() - sizeof(Half);
  std::memcpy(&first, text.data(), sizeof(Half));
  std::memcpy(&last, text.data() + at, sizeof(Half));
  std::memcpy(out, &first, sizeof(Half));
  std::memcpy(out + at, &last, sizeof(Half));
  if constexpr (sizeof(Half) == 8) return (special_bytes(first) | special_bytes(last)) == 0;
  const std::uint64_t word =
      std::uint64_t{first} | std::uint64_t{last} << 32 | (sizeof(Half) == 2 ? kGap : 0);
  return special_bytes(word) == 0;
}

// Copies `text` and tells whether it is plain all through. Blocks overlap, so that no length needs a loop
// over single bytes.
bool copy_plain(std::string_view text, char* out) {
  const std::size_t size = text.size();
  if (size >= 16) {
    Bytes block, special{};
    for (std::size_t i = 0; i < size; i += 16) {
      const std::size_t at = std::min(i, size - 16);
      std::memcpy(&block, text.data() + at, 16);
      std::memcpy(out + at, &block, 16);
      special |= special_bytes(block);
    }
    return is_zero(special);
  }
  if (size >= 8) return copy_ends<std::uint64_t>(text, out);
  if (size >= 4) return copy_ends<std::uint32_t>(text, out);
  if (size >= 2) return copy_ends<std::uint16_t>(text, out);
  out[0] = text[0];
  return is_plain(text[0]);
}

}  // namespace

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_plain(c); });
}

char* escape(std::string_view text, std::size_t cap, char* out) {
  if (text.empty()) return out;
  if (text.size() <= cap && copy_plain(text, out)) return out + text.size();
  char* const end = out + cap;
  while (!text.empty()) {
    // Eight plain bytes at a time; the store may reach 8 bytes beyond `end`, which the caller has room for.
    if (text.size() >= 8 && out + 8 <= end) {
      std::uint64_t word;
      std::memcpy(&word, text.data(), 8);
      std::memcpy(out, &word, 8);
      const std::uint64_t special = special_bytes(word);
      const std::size_t plain = special == 0 ? 8 : static_cast<std::size_t>(std::countr_zero(special)) / 8;
      out += plain;
      text.remove_prefix(plain);
      if (plain != 0) continue;
    }
    if (out < end && is_plain(text.front())) {
      *out++ = text.front();
      text.remove_prefix(1);
      continue;
    }
    const Escaped one = escape_one(text);
    if (out + one.length > end) break;
    std::memcpy(out, one.text, sizeof one.text);
    out += one.length;
    text.remove_prefix(one.taken);
  }
  return out;
}

std::size_t encoded_size(std::string_view text) {
  std::size_t size = 0;
  while (!text.empty()) {
    const Escaped one = escape_one(text);
    size += one.length;
    text.remove_prefix(one.taken);
  }
  return size;
}

std::string escaped(std::string_view text, std::size_t most) {
  std::string inside(most + 8, '\0');
  inside.resize(static_cast<std::size_t>(escape(text, most, inside.data()) - inside.data()));
  return inside;
}

}  // namespace xlimit::event
