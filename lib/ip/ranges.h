// SPDX-License-Identifier: MIT
// Sets of addresses as ranges: gathered in any order and form, united, subtracted from each other, and given
// as the fewest prefixes that cover just them and that a list may hold. Made for millions of ranges: 8 bytes
// for one of IPv4, 32 for one of IPv6.
//
//   ip::Ranges all;
//   all.add(prefix); all.add(first, last);
//   all.unite();
//   all.subtract(allowed);
//   all.each_prefix([&](const ip::Prefix& prefix) { ... });   // IPv4 first, ascending, disjoint
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "ip/prefix.h"

namespace xlimit::ip {

// The shortest prefixes that a list may hold. It may be wider than a ban: whole registries are on some. Half
// of the Internet is on none.
struct Widest {
  unsigned v4 = 8, v6 = 16;
};

class Ranges {
 public:
  void add(const Prefix& prefix);
  // Both ends belong to it. False, and nothing is added, when they are of different families or `last` is
  // before `first`.
  bool add(const Address& first, const Address& last);

  // The IPv6 prefix of so many bits, at most 96, that holds all mapped addresses: nothing of it but what is
  // around them outlives unite().
  void add_around_mapped(unsigned length);

  // All of another's.
  void add(Ranges&& other);

  // Takes out ranges of more addresses than a prefix of this length has, and returns how many. Before
  // unite(), which would let one that is too wide swallow all others.
  std::size_t erase_wider(Widest widest = {});

  // Sorts, and joins what overlaps or touches. The calls below want this done since the last add(). Takes the
  // mapped addresses out of IPv6, where no prefix can begin in them, and returns how many pieces that were.
  std::size_t unite();
  // Takes out what is in `others`, which is united. Returns how many pieces were cut out.
  std::size_t subtract(const Ranges& others);
  // Calls visit(Prefix) for the fewest prefixes, none wider than these, or who reads them would take what has
  // been joined for what was too wide.
  template <class Visit>
  void each_prefix(Visit visit, Widest widest = {}) const {
    for (const Range4 range : v4_) split(range, 32 - widest.v4, visit);
    for (const Range6& range : v6_) split(range, 128 - widest.v6, visit);
  }
  std::vector<Prefix> prefixes() const;

  // The widest prefix that holds the address and is within.
  std::optional<Prefix> find(const Address& address) const;

  bool empty() const { return v4_.empty() && v6_.empty(); }
  // Ranges, not addresses.
  std::size_t size() const { return v4_.size() + v6_.size(); }

 private:
  __extension__ using Wide = unsigned __int128;
  // First address in the upper half, last in the lower, so that numbers sort as ranges do.
  using Range4 = std::uint64_t;
  struct Range6 {
    Wide first, last;
    auto operator<=>(const Range6&) const = default;
  };

  static std::uint32_t first_of(Range4 range) { return static_cast<std::uint32_t>(range >> 32U); }
  static std::uint32_t last_of(Range4 range) { return static_cast<std::uint32_t>(range); }
  static Wide first_of(const Range6& range) { return range.first; }
  static Wide last_of(const Range6& range) { return range.last; }
  static Range4 make(std::uint32_t first, std::uint32_t last) { return Range4{first} << 32U | last; }
  static Range6 make(Wide first, Wide last) { return {first, last}; }
  static unsigned trailing_zeros(std::uint32_t value);
  static unsigned trailing_zeros(Wide value);
  static Range4 range_of(const Prefix& prefix, std::uint32_t);
  static Range6 range_of(const Prefix& prefix, Wide);
  static Wide wide_of(const Address& address);
  static Prefix prefix_of(std::uint32_t first, unsigned host_bits);
  static Prefix prefix_of(Wide first, unsigned host_bits);

  template <class Range>
  static std::optional<Prefix> find(const std::vector<Range>& ranges, const Range& address);
  template <class Range>
  static void unite(std::vector<Range>& ranges);
  template <class Range>
  static std::size_t subtract(std::vector<Range>& ranges, const std::vector<Range>& others);

  // Always the largest block of at most so many bits that begins where we are and ends within the range.
  template <class Range, class Visit>
  static void split(const Range& range, unsigned most_bits, Visit visit) {
    auto first = first_of(range);
    const auto last = last_of(range);
    for (;;) {
      unsigned host_bits = std::min(trailing_zeros(first), most_bits);
      auto block_last = first;
      const auto grow = [&](unsigned bits) {
        return static_cast<decltype(first)>(first | low_bits<decltype(first)>(bits));
      };
      block_last = grow(host_bits);
      while (block_last > last) block_last = grow(--host_bits);
      visit(prefix_of(first, host_bits));
      if (block_last == last) return;
      first = block_last + 1;
    }
  }
  template <class Number>
  static Number low_bits(unsigned bits) {
    constexpr unsigned kAll = sizeof(Number) * 8;
    return bits >= kAll ? static_cast<Number>(~Number{0}) : static_cast<Number>((Number{1} << bits) - 1);
  }

  static constexpr Wide kMapped = Wide{0xffff} << 32U;

  std::vector<Range4> v4_;
  std::vector<Range6> v6_;
};

}  // namespace xlimit::ip
