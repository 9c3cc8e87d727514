// SPDX-License-Identifier: MIT
// Text of addresses, read and written by hand because every log line has one. What is unusual in IPv6 (a
// dotted quad at its end, a mistake) is left to libc, whose inet_ntop formats through printf.
#include "ip/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>

namespace xlimit::ip {
namespace {

// Every octet's text with a dot behind it, and its length without.
struct OctetText {
  char text[4];
  std::uint32_t length;
};
constexpr std::array<OctetText, 256> kOctets = [] {
  std::array<OctetText, 256> all{};
  for (unsigned value = 0; value < all.size(); ++value) {
    OctetText& octet = all[value];
    if (value >= 100) octet.text[octet.length++] = static_cast<char>('0' + value / 100);
    if (value >= 10) octet.text[octet.length++] = static_cast<char>('0' + value / 10 % 10);
    octet.text[octet.length++] = static_cast<char>('0' + value % 10);
    octet.text[octet.length] = '.';
  }
  return all;
}();

constexpr std::uint64_t kDot = '.';

// The first byte lowest.
std::uint32_t load4(const char* from) {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return le32toh(word);
}
std::uint64_t load8(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return le64toh(word);
}

// Writes four characters, of which those behind the dot are to be written over.
char* put_octet(std::uint8_t value, char* out) {
  const OctetText& octet = kOctets[value];
  std::memcpy(out, octet.text, sizeof octet.text);
  return out + octet.length + 1;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// One group of up to four hex digits at the front of `text`, which it is taken off. -1 when there is none.
int take_group(std::string_view& text) {
  int value = 0;
  std::size_t length = 0;
  for (int digit; length < text.size() && length < 4 && (digit = hex_value(text[length])) >= 0; ++length)
    value = value << 4 | digit;
  text.remove_prefix(length);
  return length == 0 ? -1 : value;
}

// Groups and at most one "::". Absent does not mean that it is no address.
std::optional<Address> parse_plain_v6(std::string_view text) {
  std::array<std::uint16_t, 8> groups{};
  std::size_t count = 0, gap = groups.size();
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const int group = take_group(text);
    if (group < 0 || count == groups.size()) return {};
    groups[count++] = static_cast<std::uint16_t>(group);
    if (text.empty()) break;
    if (text[0] != ':' || text.size() == 1) return {};
    text.remove_prefix(1);
    if (text[0] != ':') continue;
    if (gap != groups.size()) return {};
    gap = count;
    text.remove_prefix(1);
  }
  if (gap == groups.size() ? count != groups.size() : count == groups.size()) return {};
  if (gap != groups.size()) {
    std::move_backward(groups.begin() + static_cast<std::ptrdiff_t>(gap),
                       groups.begin() + static_cast<std::ptrdiff_t>(count), groups.end());
    std::fill_n(groups.begin() + static_cast<std::ptrdiff_t>(gap), groups.size() - count, std::uint16_t{0});
  }
  Address::Bytes bytes;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i]);
  }
  return Address{bytes};
}

// Not a dotted quad.
std::optional<Address> parse_v6(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return {};
  if (const std::optional<Address> plain = parse_plain_v6(text)) return plain;
  char terminated[kAddressLength + 1];
  if (text.size() > kAddressLength || text.find('\0') != std::string_view::npos) return {};
  *std::copy(text.begin(), text.end(), terminated) = '\0';
  in6_addr parsed;
  if (inet_pton(AF_INET6, terminated, &parsed) != 1) return {};
  return Address::from_v6(&parsed);
}

struct Run {
  std::size_t begin = 8, length = 0;
};

// The first of the longest runs of two or more zero groups (RFC 5952, 4.2).
Run longest_zeros(const std::array<unsigned, 8>& groups) {
  Run best, now;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    now = groups[i] != 0 ? Run{} : now.length == 0 ? Run{i, 1} : Run{now.begin, now.length + 1};
    if (now.length > best.length && now.length >= 2) best = now;
  }
  return best;
}

char* put_group(unsigned value, char* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (value >= 0x1000) *out++ = kHex[value >> 12];
  if (value >= 0x100) *out++ = kHex[value >> 8 & 15];
  if (value >= 0x10) *out++ = kHex[value >> 4 & 15];
  *out++ = kHex[value & 15];
  return out;
}

char* put_v6(const Address::Bytes& bytes, char* out) {
  std::array<unsigned, 8> groups;
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
  const Run zeros = longest_zeros(groups);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.begin) {
      *out++ = ':';
      i += zeros.length;
      if (i == groups.size()) *out++ = ':';
    }
    if (i == groups.size()) break;
    if (i > 0) *out++ = ':';
    out = put_group(groups[i], out);
  }
  return out;
}

}  // namespace

Address Address::v4(std::uint32_t host_order) {
  const std::uint32_t network = htonl(host_order);
  return from_v4(&network);
}

Address Address::from_v4(const void* bytes) {
  Bytes all;
  std::copy(kMapped.begin(), kMapped.end(), all.begin());
  std::memcpy(all.data() + kMapped.size(), bytes, 4);
  return Address{all};
}

Address Address::from_v6(const void* bytes) {
  Bytes all;
  std::memcpy(all.data(), bytes, all.size());
  return Address{all};
}

std::uint32_t Address::v4_value() const {
  std::uint32_t network;
  std::memcpy(&network, bytes_.data() + kMapped.size(), 4);
  return ntohl(network);
}

bool Address::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return *this == from_v6(&in6addr_loopback);
}

bool Address::is_unspecified() const { return is_v4() ? v4_value() == 0 : *this == Address{}; }

// How long the parts of a dotted quad are cannot be foreseen, so nothing here branches on it: the first two
// parts stand in the first eight characters, the last two and a dot fit into eight. Each part is right when
// the number it makes is written like it.
std::optional<std::uint32_t> parse_v4(std::string_view text) {
  const std::size_t size = text.size();
  if (size < 7 || size > 15) return {};
  std::uint64_t left = size == 7
                           ? load4(text.data()) | std::uint64_t{load4(text.data() + 3)} << 24 | kDot << 56
                           : load8(text.data());
  std::uint32_t value = 0, wrong = 0;
  std::size_t taken = 0;  // bits
  const auto take_part = [&] {
    const auto word = static_cast<std::uint32_t>(left);
    const std::uint32_t digits = word ^ 0x30303030U;
    // The highest bit of the first byte that is no digit, of the fourth at the latest.
    const std::uint32_t ends = (((digits + 0x767676U) | digits) & 0x808080U) | 0x80000000U;
    const auto end = static_cast<unsigned>(std::countr_zero(ends));
    const std::uint32_t octet = (digits << (31 - end)) * 0x640a01U >> 16 & 255;  // 100, 10, 1
    wrong |= (word ^ load4(kOctets[octet].text)) << (31 - end);
    value = value << 8 | octet;
    left >>= end + 1;
    taken += end + 1;
  };
  take_part();
  take_part();
  if (size > 7) {
    const std::size_t more = 8 * size - taken;
    if (more - 8 > 48) return {};
    left = load8(text.data() + size - 8) >> (64 - more) | kDot << more;
  }
  take_part();
  take_part();
  if ((wrong | left) != 0) return {};
  return value;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::optional<std::uint32_t> v4 = parse_v4(text);
  return v4 ? Address::v4(*v4) : parse_v6(text);
}

char* format_address(const Address& address, char* out) {
  if (!address.is_v4()) return put_v6(address.bytes(), out);
  for (std::size_t part = 12; part < 16; ++part) out = put_octet(address.bytes()[part], out);
  return out - 1;
}

std::string to_string(const Address& address) {
  char text[kAddressLength];
  return {text, format_address(address, text)};
}

}  // namespace xlimit::ip
