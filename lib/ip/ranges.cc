// SPDX-License-Identifier: MIT
// Sorting, joining and cutting ranges of addresses.
#include "ip/ranges.h"

#include <bit>

namespace xlimit::ip {

unsigned Ranges::trailing_zeros(std::uint32_t value) {
  return static_cast<unsigned>(std::countr_zero(value));
}
unsigned Ranges::trailing_zeros(Wide value) {
  const auto low = static_cast<std::uint64_t>(value);
  if (low != 0) return static_cast<unsigned>(std::countr_zero(low));
  return 64 + static_cast<unsigned>(std::countr_zero(static_cast<std::uint64_t>(value >> 64U)));
}

Ranges::Wide Ranges::wide_of(const Address& address) {
  std::uint64_t high = 0, low = 0;
  std::memcpy(&high, address.bytes().data(), 8);
  std::memcpy(&low, address.bytes().data() + 8, 8);
  return Wide{__builtin_bswap64(high)} << 64U | __builtin_bswap64(low);
}

Prefix Ranges::prefix_of(std::uint32_t first, unsigned host_bits) {
  return {Address::v4(first), 32 - host_bits};
}
Prefix Ranges::prefix_of(Wide first, unsigned host_bits) {
  const std::uint64_t halves[2] = {__builtin_bswap64(static_cast<std::uint64_t>(first >> 64U)),
                                   __builtin_bswap64(static_cast<std::uint64_t>(first))};
  return {Address::from_v6(halves), 128 - host_bits};
}

void Ranges::add(const Prefix& prefix) {
  if (prefix.is_v4())
    v4_.push_back(range_of(prefix, std::uint32_t{}));
  else
    v6_.push_back(range_of(prefix, Wide{}));
}

bool Ranges::add(const Address& first, const Address& last) {
  if (first.is_v4() != last.is_v4() || last < first) return false;
  if (first.is_v4())
    v4_.push_back(make(first.v4_value(), last.v4_value()));
  else
    v6_.push_back(make(wide_of(first), wide_of(last)));
  return true;
}

void Ranges::add_around_mapped(unsigned length) {
  const Wide others = low_bits<Wide>(128 - length);
  v6_.push_back(make(kMapped & ~others, kMapped | others));
}

std::size_t Ranges::unite() {
  unite(v4_);
  unite(v6_);
  return subtract(v6_, {make(kMapped, kMapped | low_bits<Wide>(32))});
}

template <class Range>
void Ranges::unite(std::vector<Range>& ranges) {
  if (ranges.empty()) return;
  std::ranges::sort(ranges);
  auto kept = ranges.begin();
  for (const Range& next : ranges) {
    const auto last = last_of(*kept);
    // Behind the last address of all nothing can begin.
    const bool touches = first_of(next) <= last || first_of(next) == last + 1;
    if (touches)
      *kept = make(first_of(*kept), std::max(last, last_of(next)));
    else
      *++kept = next;
  }
  ranges.erase(kept + 1, ranges.end());
}

void Ranges::add(Ranges&& other) {
  if (empty()) {
    *this = std::move(other);
    return;
  }
  v4_.insert(v4_.end(), other.v4_.begin(), other.v4_.end());
  v6_.insert(v6_.end(), other.v6_.begin(), other.v6_.end());
}

std::size_t Ranges::erase_wider(Widest widest) {
  const auto most4 = low_bits<std::uint32_t>(32 - widest.v4);
  const auto most6 = low_bits<Wide>(128 - widest.v6);
  return std::erase_if(v4_, [&](Range4 range) { return last_of(range) - first_of(range) > most4; }) +
         std::erase_if(v6_, [&](const Range6& range) { return range.last - range.first > most6; });
}

std::size_t Ranges::subtract(const Ranges& others) {
  return subtract(v4_, others.v4_) + subtract(v6_, others.v6_);
}

template <class Range>
std::size_t Ranges::subtract(std::vector<Range>& ranges, const std::vector<Range>& others) {
  const auto begins_behind = [](const Range& one, const Range& other) {
    return last_of(one) < first_of(other);
  };
  // Mostly there is nothing to cut, and no need for as much memory again.
  if (std::ranges::none_of(others, [&](const Range& other) {
        return std::ranges::binary_search(ranges, other, begins_behind);
      }))
    return 0;
  std::size_t cuts = 0;
  std::vector<Range> rest;
  rest.reserve(ranges.size());
  auto other = others.begin();
  for (const Range& range : ranges) {
    auto first = first_of(range);
    const auto last = last_of(range);
    while (other != others.end() && last_of(*other) < first) ++other;
    bool used_up = false;
    for (auto cut = other; cut != others.end() && first_of(*cut) <= last; ++cut) {
      if (first_of(*cut) > first) rest.push_back(make(first, first_of(*cut) - 1));
      ++cuts;
      used_up = last_of(*cut) >= last;
      if (used_up) break;
      first = last_of(*cut) + 1;
    }
    if (!used_up) rest.push_back(make(first, last));
  }
  ranges = std::move(rest);
  return cuts;
}

// The second argument only tells the family.
Ranges::Range4 Ranges::range_of(const Prefix& prefix, std::uint32_t) {
  const std::uint32_t first = prefix.address().v4_value();
  return make(first, first | low_bits<std::uint32_t>(32 - prefix.length()));
}
Ranges::Range6 Ranges::range_of(const Prefix& prefix, Wide) {
  const Wide first = wide_of(prefix.address());
  return make(first, first | low_bits<Wide>(128 - prefix.length()));
}

std::optional<Prefix> Ranges::find(const Address& address) const {
  if (address.is_v4()) return find(v4_, make(address.v4_value(), address.v4_value()));
  return find(v6_, make(wide_of(address), wide_of(address)));
}

template <class Range>
std::optional<Prefix> Ranges::find(const std::vector<Range>& ranges, const Range& address) {
  const auto wanted = first_of(address);
  const auto behind =
      std::ranges::upper_bound(ranges, wanted, {}, [](const Range& range) { return first_of(range); });
  if (behind == ranges.begin() || last_of(*(behind - 1)) < wanted) return {};
  // The block that begins last at or before the address.
  std::optional<Prefix> found;
  split(*(behind - 1), 8 * sizeof(wanted), [&](const Prefix& prefix) {
    if (!found || first_of(range_of(prefix, wanted)) <= wanted) found = prefix;
  });
  return found;
}

std::vector<Prefix> Ranges::prefixes() const {
  std::vector<Prefix> all;
  all.reserve(size());
  each_prefix([&](const Prefix& prefix) { all.push_back(prefix); });
  return all;
}

}  // namespace xlimit::ip
