// SPDX-License-Identifier: MIT
// Reads what the kernel says of nftables' own sets, and the arithmetic of intervals.
#include <algorithm>
#include <bit>

#include "sets/nft_message.h"
#include "sets/nft_parts.h"

namespace xlimit::sets {
namespace {

using netlink::Attribute;
using netlink::Attributes;

// Newer than the headers this is built with.
constexpr std::uint16_t kSetCount = 20;  // NFTA_SET_COUNT

std::string read_comment(std::span<const std::byte> data) {
  while (data.size() >= 2) {
    const auto type = std::to_integer<std::uint8_t>(data[0]);
    const std::size_t size = std::min(std::to_integer<std::size_t>(data[1]), data.size() - 2);
    if (type == nft::kUserComment) return std::string{Attribute{0, data.subspan(2, size)}.text()};
    data = data.subspan(2 + size);
  }
  return {};
}

std::optional<ip::Address> read_key(const Attributes& element) {
  const std::optional<Attribute> key = nft::find(element, NFTA_SET_ELEM_KEY);
  const std::optional<Attribute> value = key ? nft::find(Attributes{*key}, NFTA_DATA_VALUE) : std::nullopt;
  if (value && value->bytes().size() == 4) return ip::Address::from_v4(value->bytes().data());
  if (value && value->bytes().size() == 16) return ip::Address::from_v6(value->bytes().data());
  return {};
}

std::optional<std::uint64_t> big(const Attributes& element, std::uint16_t type) {
  const std::optional<Attribute> attribute = nft::find(element, type);
  return attribute ? attribute->be64() : std::nullopt;
}

// Absent when it has run out.
std::optional<std::chrono::seconds> read_left(const Attributes& element) {
  const std::optional<std::uint64_t> timeout = big(element, NFTA_SET_ELEM_TIMEOUT);
  if (!timeout || *timeout == 0) return std::chrono::seconds{0};
  const std::optional<std::uint64_t> left = big(element, NFTA_SET_ELEM_EXPIRATION);
  if (!left || *left == 0) return {};
  constexpr std::uint64_t kMost = INT64_MAX / 1'000'000'000;
  return std::chrono::seconds{std::clamp<std::uint64_t>(*left / 1000, 1, kMost)};
}

__extension__ using Wide = unsigned __int128;

// IPv4 stands behind ::ffff:0:0/96, as it does in the address.
Wide number_of(const ip::Address& address) {
  Wide number = 0;
  for (const std::uint8_t byte : address.bytes()) number = number << 8 | byte;
  return number;
}
ip::Address address_of(Wide number) {
  ip::Address::Bytes bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes.at(i) = static_cast<std::uint8_t>(number >> (8 * (bytes.size() - 1 - i)));
  return ip::Address{bytes};
}
Wide end_of_all(bool v4) { return v4 ? Wide{1} << 48 : Wide{0}; }

}  // namespace

std::optional<SeenSet> read_set(const nlmsghdr& message) {
  if (!nft::is_command(message, NFT_MSG_NEWSET)) return {};
  const Attributes attributes{message, sizeof(nfgenmsg)};
  SeenSet set{.table = std::string{nft::text(attributes, NFTA_SET_TABLE)},
              .name = std::string{nft::text(attributes, NFTA_SET_NAME)},
              .flags = nft::number(attributes, NFTA_SET_FLAGS).value_or(0),
              .key_size = nft::number(attributes, NFTA_SET_KEY_LEN).value_or(0),
              .maximum = 0,
              .entries = nft::number(attributes, kSetCount),
              .comment = {}};
  if (const std::optional<Attribute> description = nft::find(attributes, NFTA_SET_DESC))
    set.maximum = nft::number(Attributes{*description}, NFTA_SET_DESC_SIZE).value_or(0);
  if (const std::optional<Attribute> data = nft::find(attributes, NFTA_SET_USERDATA))
    set.comment = read_comment(data->bytes());
  return set;
}

bool is_of_form(const SeenSet& set, Family family, bool intervals) {
  constexpr std::uint32_t kShape = NFT_SET_INTERVAL | NFT_SET_MAP | NFT_SET_TIMEOUT | NFT_SET_OBJECT;
  return set.key_size == (family == Family::v4 ? 4U : 16U) &&
         (set.flags & kShape) == (intervals ? NFT_SET_INTERVAL : NFT_SET_TIMEOUT);
}

void read_elements(const nlmsghdr& message, const std::function<void(const SeenElement&)>& on_element) {
  if (!nft::is_command(message, NFT_MSG_NEWSETELEM)) return;
  for (const Attribute list : Attributes{message, sizeof(nfgenmsg)}) {
    if (list.type() != NFTA_SET_ELEM_LIST_ELEMENTS) continue;
    for (const Attribute one : Attributes{list}) {
      const Attributes element{one};
      const std::optional<ip::Address> key = read_key(element);
      const std::optional<std::chrono::seconds> left = read_left(element);
      if (!key || !left) continue;
      const std::uint32_t flags = nft::number(element, NFTA_SET_ELEM_FLAGS).value_or(0);
      const bool ends = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;
      if ((flags & NFT_SET_ELEM_CATCHALL) == 0)
        on_element({.key = *key, .left = *left, .side = ends ? Side::end : Side::begin});
    }
  }
}

std::optional<ip::Address> behind(const ip::Prefix& prefix) {
  const Wide end = number_of(last_of(prefix)) + 1;
  if (end == end_of_all(prefix.is_v4())) return {};
  return address_of(end);
}

ip::Address last_of(const ip::Prefix& prefix) {
  const unsigned host_bits = prefix.address().bits() - prefix.length();
  const Wide hosts = host_bits == 128 ? ~Wide{0} : (Wide{1} << host_bits) - 1;
  return address_of(number_of(prefix.address()) | hosts);
}

std::optional<ip::Prefix> prefix_between(const ip::Address& first, const std::optional<ip::Address>& end) {
  const Wide begin = number_of(first);
  const Wide last = (end ? number_of(*end) : end_of_all(first.is_v4())) - 1;
  // Where the two differ must be the lowest bits, and all of them.
  const Wide differs = begin ^ last;
  if ((differs & (differs + 1)) != 0 || (begin & differs) != 0) return {};
  const int host_bits = std::popcount(static_cast<std::uint64_t>(differs)) +
                        std::popcount(static_cast<std::uint64_t>(differs >> 64));
  if (host_bits > static_cast<int>(first.bits())) return {};
  return ip::Prefix{first, first.bits() - static_cast<unsigned>(host_bits)};
}

}  // namespace xlimit::sets
