// SPDX-License-Identifier: MIT
// Ten bytes, read in one of two ways.
#include "session/trail.h"

#include <algorithm>

namespace xlimit::session {
namespace {

constexpr std::size_t kHalf = 8;

}  // namespace

void Trail::note(const ip::Address& address, std::uint16_t port) {
  if (port == 0) return;
  if (!address.is_v4()) {
    data_[0] = port;
    std::memcpy(&data_[1], address.bytes().data() + kHalf, kHalf);
    return;
  }
  if (const auto known = std::find(data_.begin(), data_.end(), port); known != data_.end())
    std::rotate(data_.begin(), known, known + 1);
  else
    std::rotate(data_.begin(), data_.end() - 1, data_.end());
  data_[0] = port;
}

std::vector<std::uint16_t> Trail::ports(bool v4) const {
  const auto end = v4 ? std::find(data_.begin(), data_.end(), 0) : data_.begin() + (data_[0] != 0 ? 1 : 0);
  return {data_.begin(), end};
}

std::optional<ip::Address> Trail::address(const ip::Prefix& prefix) const {
  if (prefix.is_single()) return prefix.address();
  if (prefix.is_v4() || prefix.length() < 64 || data_[0] == 0) return {};
  ip::Address::Bytes bytes = prefix.address().bytes();
  std::memcpy(bytes.data() + kHalf, &data_[1], kHalf);
  const ip::Address address{bytes};
  return prefix.contains(address) ? std::optional{address} : std::nullopt;
}

}  // namespace xlimit::session
