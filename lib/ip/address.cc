// SPDX-License-Identifier: MIT
// Text of addresses. IPv4 is read and written by hand because every log line has one; IPv6 is left to libc.
#include "ip/address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace xlimit::ip {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// One part of a dotted quad at the front of `text`, which it is taken off. -1 when there is none.
int take_octet(std::string_view& text) {
  unsigned value = 0;
  std::size_t length = 0;
  while (length < text.size() && length < 3 && text[length] >= '0' && text[length] <= '9')
    value = value * 10 + static_cast<unsigned>(text[length++] - '0');
  const bool padded = length > 1 && text[0] == '0';
  if (length == 0 || padded || value > 255) return -1;
  text.remove_prefix(length);
  return static_cast<int>(value);
}

std::optional<Address> parse_v4(std::string_view text) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return {};
      text.remove_prefix(1);
    }
    const int octet = take_octet(text);
    if (octet < 0) return {};
    value = value << 8 | static_cast<std::uint32_t>(octet);
  }
  if (!text.empty()) return {};
  return Address::v4(value);
}

char* put_octet(unsigned value, char* out) {
  if (value >= 100) *out++ = static_cast<char>('0' + value / 100);
  if (value >= 10) *out++ = static_cast<char>('0' + value / 10 % 10);
  *out++ = static_cast<char>('0' + value % 10);
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

bool Address::is_v4() const { return std::memcmp(bytes_.data(), kMapped.data(), kMapped.size()) == 0; }

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

bool Address::is_multicast() const { return is_v4() ? bytes_[12] >> 4 == 14 : bytes_[0] == 0xff; }

std::optional<Address> parse_address(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return parse_v4(text);
  char terminated[kAddressLength + 1];
  if (text.size() > kAddressLength || text.find('\0') != std::string_view::npos) return {};
  *std::copy(text.begin(), text.end(), terminated) = '\0';
  in6_addr parsed;
  if (inet_pton(AF_INET6, terminated, &parsed) != 1) return {};
  return Address::from_v6(&parsed);
}

char* format_address(const Address& address, char* out) {
  if (!address.is_v4()) {
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, address.bytes().data(), text, sizeof text);
    return std::copy(text, text + std::strlen(text), out);
  }
  for (int part = 12; part < 16; ++part) {
    if (part > 12) *out++ = '.';
    out = put_octet(address.bytes()[static_cast<std::size_t>(part)], out);
  }
  return out;
}

std::string to_string(const Address& address) {
  char text[kAddressLength];
  return {text, format_address(address, text)};
}

}  // namespace xlimit::ip
