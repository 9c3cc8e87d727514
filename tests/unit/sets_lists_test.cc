// SPDX-License-Identifier: MIT
// What the sets of lists are called, and what replacing a list would change.
#include <doctest/doctest.h>

#include "sets/ipset_lists.h"
#include "sets/names.h"
#include "sets/rules.h"

using namespace xlimit;
using sets::Direction;
using sets::Family;

namespace {

std::vector<ip::Prefix> prefixes(std::initializer_list<std::string_view> texts) {
  std::vector<ip::Prefix> all;
  for (const std::string_view text : texts) all.push_back(ip::parse_prefix(text).value());
  return all;
}

sets::SeenRule drop(std::uint16_t set) { return {.rule = sets::Rule{.set = set}}; }

sets::ChainState chain(std::vector<sets::SeenRule> rules) {
  return {.chain = sets::wanted_chain(Direction::in), .rules = std::move(rules)};
}

}  // namespace

TEST_CASE("a list's sets are called after the prefix and the list, and are known again by that") {
  const sets::Names names{"xlimit"};
  CHECK(names.of({"scanners", Direction::in}, Family::v4) == "xlimit.scanners4");
  CHECK(names.of({"scanners", Direction::out}, Family::v6) == "xlimit.scanners6out");
  for (const Direction direction : {Direction::in, Direction::out}) {
    for (const Family family : {Family::v4, Family::v6}) {
      const sets::ListKey list{"a-b_4", direction};
      const auto found = names.list_of(names.of(list, family));
      REQUIRE(found.has_value());
      CHECK(found->list == list);
      CHECK(found->family == family);
    }
  }
}

TEST_CASE("sets of bans, of other prefixes and of other tools are no lists of ours") {
  const sets::Names names{"xlimit"};
  for (const std::string_view set :
       {"xlimit4", "xlimit6out", "xlimit2.a4", "xlimit.4", "xlimit.a", "xlimit.a4+", "other.a4", ""})
    CHECK_MESSAGE(!names.list_of(set).has_value(), set);
}

TEST_CASE("the monitoring node's sets keep their names") {
  const sets::Names names{"blocklist"};
  CHECK(names.of({Family::v4, Direction::in}) == "blocklist_temp");
  CHECK(names.of({Family::v4, Direction::out}) == "blocklist_out_temp");
  CHECK(names.of({"permanent", Direction::in}, Family::v4) == "blocklist_permanent");
  CHECK(names.of({"permanent", Direction::out}, Family::v4) == "blocklist_out_permanent");
  CHECK(names.of({"permanent", Direction::out}, Family::v6) == "blocklist_out_permanent6");
  const auto found = names.list_of("blocklist_out_permanent");
  REQUIRE(found.has_value());
  CHECK(found->list == sets::ListKey{"permanent", Direction::out});
  CHECK(!names.list_of("blocklist_temp").has_value());
  CHECK(!names.check_list("out_a").has_value());
}

TEST_CASE("a list's name is short enough for the kernel, also with the longest prefix") {
  CHECK(sets::Names{"xlimit"}.check_list(std::string(19, 'a')).has_value());
  CHECK(!sets::Names{"xlimit"}.check_list(std::string(20, 'a')).has_value());
  CHECK(sets::Names{std::string(24, 'p')}.check_list("a").has_value());
  for (const std::string_view name : {"", "4a", "a b", "a.b", "a/b", "-a"})
    CHECK_MESSAGE(!sets::Names{"xlimit"}.check_list(name).has_value(), name);
}

TEST_CASE("replacing counts what comes, goes and stays") {
  const auto before = prefixes({"203.0.113.0/24", "192.0.2.0/25", "198.51.100.7", "255.255.255.255"});
  const auto after = prefixes({"0.0.0.0/8", "192.0.2.0/24", "198.51.100.7", "255.255.0.0/17"});
  const auto change = [](const std::vector<ip::Prefix>& old, const std::vector<ip::Prefix>& fresh) {
    sets::Comparison comparison{fresh};
    for (const ip::Prefix& prefix : old) comparison.see(prefix);
    return comparison.result();
  };
  CHECK(change(before, after) == sets::Change{.added = 3, .removed = 3, .unchanged = 1});
  CHECK(change({}, after) == sets::Change{.added = 4});
  CHECK(change(before, {}) == sets::Change{.removed = 4});
  CHECK(change(after, after) == sets::Change{.unchanged = 4});
}

TEST_CASE("sorted prefixes fall into an IPv4 and an IPv6 part") {
  const auto both = prefixes({"192.0.2.0/24", "203.0.113.9", "2001:db8::/32"});
  CHECK(sets::part_of(both, Family::v4).size() == 2);
  CHECK(sets::part_of(both, Family::v6).size() == 1);
  CHECK(sets::part_of({}, Family::v6).empty());
}

TEST_CASE("a rule of a list before the bans' rule does no harm, a foreign one does") {
  const sets::SetKey key{};
  CHECK(sets::chain_faults(chain({drop(7), drop(3)}), key, 3).empty());
  const sets::SeenRule foreign{.rule = {}, .lets_by = true};
  CHECK(sets::chain_faults(chain({drop(3), foreign}), key, 3).empty());
  CHECK(sets::chain_faults(chain({{}, drop(3)}), key, 3).empty());
  CHECK(
      sets::chain_faults(chain({foreign, drop(3)}), key, 3) ==
      std::vector<std::string>{"a foreign rule that may let packets by stands first in chain 'prerouting'"});
  CHECK(sets::chain_faults(chain({drop(7)}), key, 3) ==
        std::vector<std::string>{"no rule in chain 'prerouting' drops what the set holds"});
}
