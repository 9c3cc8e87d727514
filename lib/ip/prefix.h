// SPDX-License-Identifier: MIT
// An address and how many of its leading bits count: 203.0.113.0/24, 2001:db8::/64. A whole address is the
// prefix of full length and is written without "/32" or "/128".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ip/address.h"

namespace xlimit::ip {

// Longest text of a prefix: an address, '/', three digits.
inline constexpr std::size_t kPrefixLength = kAddressLength + 4;

class Prefix {
 public:
  Prefix() = default;
  // The whole address.
  explicit Prefix(const Address& address)
      : address_(address), length_(static_cast<std::uint8_t>(address.bits())) {}
  // The network of `length` bits around `address`: host bits are cleared. `length` is cut to address.bits().
  Prefix(const Address& address, unsigned length);

  const Address& address() const { return address_; }
  unsigned length() const { return length_; }
  bool is_v4() const { return address_.is_v4(); }
  bool is_single() const { return length_ == address_.bits(); }
  bool contains(const Address& address) const;
  bool contains(const Prefix& other) const;
  bool overlaps(const Prefix& other) const { return contains(other) || other.contains(*this); }

  auto operator<=>(const Prefix&) const = default;

 private:
  Address address_;
  std::uint8_t length_ = 128;
};

// An address or CIDR notation. Host bits may be set and are cleared. Absent when the text is anything else.
// "::ffff:192.0.2.0/120" is 192.0.2.0/24; with less than 97 bits it is none, for no Prefix begins there.
std::optional<Prefix> parse_prefix(std::string_view text);
// The length of such a one, which holds all mapped addresses.
std::optional<unsigned> parse_around_mapped(std::string_view text);
// The same as a command line wants it: fails with kUsage and the text quoted.
base::Result<Prefix> read_prefix(std::string_view text);

char* format_prefix(const Prefix& prefix, char* out);
std::string to_string(const Prefix& prefix);

}  // namespace xlimit::ip

template <>
struct std::hash<xlimit::ip::Prefix> {
  std::size_t operator()(const xlimit::ip::Prefix& prefix) const noexcept {
    return std::hash<xlimit::ip::Address>{}(prefix.address()) + prefix.length() * 0x9e3779b97f4a7c15U;
  }
};
