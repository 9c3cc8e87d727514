// SPDX-License-Identifier: MIT
// What the kernel objects of one installation are called: all names begin with the prefix given with --set.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/event.h"
#include "ip/prefix.h"

namespace xlimit::sets {

using event::Direction;

enum class Family : std::uint8_t { v4, v6 };
inline Family family_of(const ip::Prefix& target) { return target.is_v4() ? Family::v4 : Family::v6; }

// One kernel set: `in` sets match where packets come from, `out` sets where they go.
struct SetKey {
  Family family = Family::v4;
  Direction direction = Direction::in;

  bool operator==(const SetKey&) const = default;
};
inline constexpr std::array<SetKey, 4> kAllKeys{{{Family::v4, Direction::in},
                                                 {Family::v6, Direction::in},
                                                 {Family::v4, Direction::out},
                                                 {Family::v6, Direction::out}}};

// Fails with kUsage unless `prefix` is 1 to 24 letters, digits, '-' and '_', beginning with a letter: such a
// name is legal for sets and tables, needs no quoting anywhere, and leaves room for what is added to it.
base::Result<void> check_prefix(std::string_view prefix);

// Fails with kUsage for port 0, a port twice, or more than kMostPorts: each is two rules that every packet
// meets.
inline constexpr std::size_t kMostPorts = 128;
base::Result<void> check_ports(std::span<const std::uint16_t> ports);

// The names of the four sets: PREFIX4, PREFIX6, PREFIX4out, PREFIX6out.
class Names {
 public:
  explicit Names(std::string_view prefix);
  const std::string& of(SetKey key) const { return names_[index(key)]; }

 private:
  static std::size_t index(SetKey key) {
    return (key.family == Family::v6 ? 1U : 0U) + (key.direction == Direction::out ? 2U : 0U);
  }
  std::array<std::string, 4> names_;
};

}  // namespace xlimit::sets
