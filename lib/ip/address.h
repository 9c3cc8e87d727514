// SPDX-License-Identifier: MIT
// One IPv4 or IPv6 address. An IPv4-mapped IPv6 address is the IPv4 address: the kernel shows clients of a
// dual-stack listener in that form, and logs and sets do not.
#pragma once

#include <endian.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace xlimit::ip {

// Longest text of an address, without a terminator.
inline constexpr std::size_t kAddressLength = 45;

class Address {
 public:
  // The 16 bytes of an IPv6 address in network order; IPv4 stands behind ::ffff:0:0/96.
  using Bytes = std::array<std::uint8_t, 16>;

  Address() = default;
  explicit Address(const Bytes& bytes) : bytes_(bytes) {}

  static Address v4(std::uint32_t host_order);
  // `bytes` points to 4 or 16 bytes in network order.
  static Address from_v4(const void* bytes);
  static Address from_v6(const void* bytes);

  bool is_v4() const { return std::memcmp(bytes_.data(), kMapped.data(), kMapped.size()) == 0; }
  // Host order; meaningful only when is_v4().
  std::uint32_t v4_value() const;
  // 32 or 128.
  unsigned bits() const { return is_v4() ? 32 : 128; }
  const Bytes& bytes() const { return bytes_; }
  // The 4 or 16 bytes that belong on the wire.
  const std::uint8_t* wire() const { return bytes_.data() + (is_v4() ? 12 : 0); }
  std::size_t wire_size() const { return is_v4() ? 4 : 16; }

  bool is_loopback() const;     // 127.0.0.0/8, ::1
  bool is_unspecified() const;  // 0.0.0.0, ::

  bool operator==(const Address&) const = default;
  // By halves, because sorting and searching a million of them by memcmp takes twice as long.
  std::strong_ordering operator<=>(const Address& other) const {
    const std::strong_ordering high = half(0) <=> other.half(0);
    return high != 0 ? high : half(8) <=> other.half(8);
  }

 private:
  static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

  // Eight of the bytes as a number.
  std::uint64_t half(std::size_t from) const {
    std::uint64_t value;
    std::memcpy(&value, bytes_.data() + from, sizeof value);
    return be64toh(value);
  }

  Bytes bytes_{};
};

// Canonical text (RFC 5952): "192.0.2.1", "2001:db8::1". No zone, no port, no blanks, no leading zeros in
// IPv4 parts. Absent when the text is anything else.
std::optional<Address> parse_address(std::string_view text);
// The same of a dotted quad alone, as Address::v4 takes it.
std::optional<std::uint32_t> parse_v4(std::string_view text);

// Writes at most kAddressLength characters to `out` and returns the end.
char* format_address(const Address& address, char* out);
std::string to_string(const Address& address);

}  // namespace xlimit::ip

template <>
struct std::hash<xlimit::ip::Address> {
  std::size_t operator()(const xlimit::ip::Address& address) const noexcept {
    std::uint64_t high, low;
    std::memcpy(&high, address.bytes().data(), 8);
    std::memcpy(&low, address.bytes().data() + 8, 8);
    // The finaliser of splitmix64: neighbouring addresses must not share buckets.
    std::uint64_t mixed = low ^ (high * 0x9e3779b97f4a7c15U);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }
};
