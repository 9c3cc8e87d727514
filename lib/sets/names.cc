// SPDX-License-Identifier: MIT
// What the kernel objects of one installation are called.
#include "sets/names.h"

#include <algorithm>

namespace xlimit::sets {
namespace {

constexpr std::size_t kLongest = 24;      // of a prefix
constexpr std::size_t kLongestName = 31;  // IPSET_MAXNAMELEN is 32 with its NUL
constexpr std::size_t kLongestFrame =
    5;  // what a list's set has more, and one that is being filled still more

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_plain(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

}  // namespace

base::Result<void> check_prefix(std::string_view prefix) {
  if (!prefix.empty() && prefix.size() <= kLongest && is_letter(prefix.front()) &&
      std::ranges::all_of(prefix, is_plain))
    return {};
  return base::fail(base::Exit::kUsage, "--set '" + std::string{prefix} +
                                            "': not 1 to 24 letters, digits, '-' and '_' after a letter");
}

base::Result<void> check_ports(std::span<const std::uint16_t> ports) {
  if (ports.size() > kMostPorts)
    return base::fail(base::Exit::kUsage, "--port: more than " + std::to_string(kMostPorts) + " ports");
  for (const std::uint16_t port : ports) {
    if (port == 0 || std::ranges::count(ports, port) > 1)
      return base::fail(base::Exit::kUsage, "--port '" + std::to_string(port) +
                                                (port == 0 ? "': no such port" : "': given twice"));
  }
  return {};
}

Names::Names(std::string_view prefix) : prefix_(prefix) {
  for (const SetKey key : kAllKeys) {
    const Frame frame = frame_of(key);
    names_[index(key)] = prefix_ == kNodePrefix ? frame.before + "temp" + frame.after : prefix_ + frame.after;
  }
}

Names::Frame Names::frame_of(SetKey key) const {
  const bool v4 = key.family == Family::v4, out = key.direction == Direction::out;
  if (prefix_ == kNodePrefix) return {prefix_ + (out ? "_out_" : "_"), v4 ? "" : "6"};
  return {prefix_ + '.', std::string{v4 ? "4" : "6"} + (out ? "out" : "")};
}

std::string Names::of(const ListKey& list, Family family) const {
  const Frame frame = frame_of({family, list.direction});
  return frame.before + list.name + frame.after;
}

std::optional<Names::ListSet> Names::list_of(std::string_view set) const {
  if (std::ranges::count(names_, set) > 0) return {};
  // The longer frames first: "blocklist_out_a" is the list "a" of direction out.
  for (auto key = kAllKeys.rbegin(); key != kAllKeys.rend(); ++key) {
    const Frame frame = frame_of(*key);
    if (set.size() < frame.before.size() + frame.after.size() || !set.starts_with(frame.before) ||
        !set.ends_with(frame.after))
      continue;
    set.remove_prefix(frame.before.size());
    set.remove_suffix(frame.after.size());
    if (!check_list(set)) return {};
    return ListSet{{std::string{set}, key->direction}, key->family};
  }
  return {};
}

base::Result<void> Names::check_list(std::string_view name) const {
  const std::size_t longest = kLongestName - 1 - prefix_.size() - kLongestFrame;
  // With the node's names these would be taken for another direction or family.
  const bool doubtful = prefix_ == kNodePrefix && (name.starts_with("out_") || name.ends_with('6'));
  if (!name.empty() && name.size() <= longest && is_letter(name.front()) && !doubtful &&
      std::ranges::all_of(name, is_plain))
    return {};
  return base::fail(base::Exit::kUsage, "list '" + std::string{name} + "': not 1 to " +
                                            std::to_string(longest) +
                                            " letters, digits, '-' and '_' after a letter");
}

}  // namespace xlimit::sets
