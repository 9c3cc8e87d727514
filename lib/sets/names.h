// SPDX-License-Identifier: MIT
// What the kernel objects of one installation are called: all names begin with the prefix given with --set.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
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

// A named list: prefixes that are loaded and replaced as a whole, apart from the bans.
struct ListKey {
  std::string name;
  Direction direction = Direction::in;

  auto operator<=>(const ListKey&) const = default;
};

// The prefix that stands for the sets of the monitoring panel's node, which are not called as ours are.
inline constexpr std::string_view kNodePrefix = "blocklist";

// The names of the four sets of bans: PREFIX4, PREFIX6, PREFIX4out, PREFIX6out; and of each list's:
// PREFIX.NAME4 and so on. With kNodePrefix: blocklist_temp, blocklist_temp6, blocklist_out_temp,
// blocklist_out_temp6, and for the list "permanent" blocklist_permanent and so on.
class Names {
 public:
  explicit Names(std::string_view prefix);
  const std::string& of(SetKey key) const { return names_[index(key)]; }
  std::string of(const ListKey& list, Family family) const;

  // A set of one of our lists, when `set` is called like one.
  struct ListSet {
    ListKey list;
    Family family = Family::v4;
  };
  std::optional<ListSet> list_of(std::string_view set) const;

  // Fails with kUsage unless `name` is letters, digits, '-' and '_', beginning with a letter, and short
  // enough for the kernel's 31 characters.
  base::Result<void> check_list(std::string_view name) const;

 private:
  // What stands around a list's name.
  struct Frame {
    std::string before, after;
  };
  Frame frame_of(SetKey key) const;

  std::string prefix_;
  static std::size_t index(SetKey key) {
    return (key.family == Family::v6 ? 1U : 0U) + (key.direction == Direction::out ? 2U : 0U);
  }
  std::array<std::string, 4> names_;
};

}  // namespace xlimit::sets
