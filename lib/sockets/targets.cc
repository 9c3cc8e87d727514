// SPDX-License-Identifier: MIT
// One hash look-up for each prefix length that occurs.
#include "sockets/targets.h"

#include <algorithm>
#include <functional>

namespace xlimit::sockets {
namespace {

// The kernel tries a filter's conditions one by one for every socket.
constexpr std::size_t kMaxConditions = 32;

void note(std::vector<unsigned>& lengths, unsigned length) {
  const auto at = std::lower_bound(lengths.begin(), lengths.end(), length, std::greater<>{});
  if (at == lengths.end() || *at != length) lengths.insert(at, length);
}

}  // namespace

Targets::Targets(std::span<const ip::Prefix> prefixes) : prefixes_(prefixes.begin(), prefixes.end()) {
  for (std::size_t place = 0; place < prefixes_.size(); ++place) {
    places_.try_emplace(prefixes_[place], place);
    note(prefixes_[place].is_v4() ? lengths4_ : lengths6_, prefixes_[place].length());
  }
}

std::optional<std::size_t> Targets::find(const ip::Address& address) const {
  for (const unsigned length : address.is_v4() ? lengths4_ : lengths6_) {
    const auto found = places_.find(ip::Prefix{address, length});
    if (found != places_.end()) return found->second;
  }
  return {};
}

Filter Targets::filter() const {
  if (prefixes_.size() > kMaxConditions) return in_states(kLive);
  std::vector<Filter> parts;
  for (const ip::Prefix& prefix : prefixes_) parts.push_back(remote_in(prefix));
  return in_states(kLive) && Filter::join(Filter::Kind::any, std::move(parts));
}

}  // namespace xlimit::sockets
