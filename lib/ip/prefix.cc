// SPDX-License-Identifier: MIT
// Prefix arithmetic and text.
#include "ip/prefix.h"

#include <algorithm>
#include <cstring>

#include "base/number.h"
#include "base/text.h"

namespace xlimit::ip {
namespace {

constexpr unsigned kMappedLength = 96;

// The first `bits` of 64, in network order.
std::uint64_t mask_of(unsigned bits) {
  return __builtin_bswap64(bits == 0 ? 0 : ~std::uint64_t{0} << (64 - bits));
}

// `address` with all bits behind the first `bits` of its 16 bytes cleared.
Address masked(const Address& address, unsigned bits) {
  std::uint64_t halves[2];
  std::memcpy(halves, address.bytes().data(), sizeof halves);
  halves[0] &= mask_of(std::min(bits, 64U));
  halves[1] &= mask_of(bits > 64 ? bits - 64 : 0);
  return Address::from_v6(halves);
}

// How many of the 16 bytes' bits count: an IPv4 prefix stands behind 96 fixed ones.
unsigned mapped_length(const Address& address, unsigned length) {
  return length + (address.is_v4() ? kMappedLength : 0);
}

}  // namespace

Prefix::Prefix(const Address& address, unsigned length)
    : length_(static_cast<std::uint8_t>(std::min(length, address.bits()))) {
  address_ = masked(address, mapped_length(address, length_));
}

bool Prefix::contains(const Address& address) const {
  return address.is_v4() == is_v4() && masked(address, mapped_length(address_, length_)) == address_;
}

bool Prefix::contains(const Prefix& other) const {
  return other.length_ >= length_ && contains(other.address_);
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address) return {};
  if (slash == std::string_view::npos) return Prefix{*address};
  const base::Result<std::uint8_t> length = base::parse_number<std::uint8_t>(text.substr(slash + 1));
  if (!length) return {};
  const unsigned fixed = address->is_v4() && text.find(':') < slash ? kMappedLength : 0;
  if (*length > address->bits() + fixed || (fixed > 0 && *length <= fixed)) return {};
  return Prefix{*address, *length - fixed};
}

std::optional<unsigned> parse_around_mapped(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address || !address->is_v4() || text.find(':') > slash || slash == text.size()) return {};
  const base::Result<std::uint8_t> length = base::parse_number<std::uint8_t>(text.substr(slash + 1));
  if (!length || *length > kMappedLength) return {};
  return *length;
}

base::Result<Prefix> read_prefix(std::string_view text) {
  const std::optional<Prefix> prefix = parse_prefix(text);
  if (!prefix)
    return base::fail(base::Exit::kUsage,
                      "'" + base::printable(text) + "' is not an address or prefix (CIDR)");
  return *prefix;
}

char* format_prefix(const Prefix& prefix, char* out) {
  out = format_address(prefix.address(), out);
  if (prefix.is_single()) return out;
  *out++ = '/';
  return std::to_chars(out, out + 3, prefix.length()).ptr;
}

std::string to_string(const Prefix& prefix) {
  char text[kPrefixLength];
  return {text, format_prefix(prefix, text)};
}

}  // namespace xlimit::ip
