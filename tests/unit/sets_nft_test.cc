// SPDX-License-Identifier: MIT
// Messages about nftables' own sets, the arithmetic of intervals, and plans for chains.
#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "sets/chain_plan.h"
#include "sets/nft_message.h"
#include "sets/nft_names.h"
#include "sets/rule_message.h"

using namespace xlimit;
using namespace xlimit::sets;
using namespace std::chrono_literals;

namespace {

ip::Prefix prefix(std::string_view text) { return ip::parse_prefix(text).value(); }
ip::Address address(std::string_view text) { return ip::parse_address(text).value(); }

struct Built {
  alignas(nlmsghdr) std::array<std::byte, 4096> buffer{};
  netlink::Batch batch{buffer};
  const nlmsghdr& message() const { return *reinterpret_cast<const nlmsghdr*>(buffer.data()); }
};

std::vector<SeenElement> elements_in(const Built& built) {
  std::vector<SeenElement> elements;
  read_elements(built.message(), [&](const SeenElement& element) { elements.push_back(element); });
  return elements;
}

SeenRule seen(const Rule& rule) { return {.rule = rule, .counted = {}, .handle = 1}; }

}  // namespace

TEST_CASE("what stands behind a prefix, and the prefix between two addresses") {
  CHECK(last_of(prefix("192.0.2.0/25")) == address("192.0.2.127"));
  CHECK(last_of(prefix("::/0")) == address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  CHECK(behind(prefix("192.0.2.0/25")) == address("192.0.2.128"));
  CHECK(behind(prefix("192.0.2.255")) == address("192.0.3.0"));
  CHECK(behind(prefix("128.0.0.0/2")) == address("192.0.0.0"));
  CHECK_FALSE(behind(prefix("255.255.255.255")).has_value());
  CHECK_FALSE(behind(prefix("0.0.0.0/0")).has_value());
  CHECK(behind(prefix("2001:db8::/32")) == address("2001:db9::"));
  CHECK_FALSE(behind(prefix("ffff:ffff::/32")).has_value());
  for (const char* text : {"192.0.2.0/25", "255.255.255.255", "240.0.0.0/4", "0.0.0.0/0", "1.2.3.4",
                           "2001:db8::/32", "ffff:ffff::/32", "2001:db8::1", "::/0"})
    CHECK(prefix_between(prefix(text).address(), behind(prefix(text))) == prefix(text));
  CHECK_FALSE(prefix_between(address("192.0.2.1"), address("192.0.2.3")).has_value());
  CHECK_FALSE(prefix_between(address("192.0.2.0"), address("192.0.2.3")).has_value());
}

TEST_CASE("elements that are written are read back the same, ends of intervals as such") {
  Built built;
  const std::vector<ip::Prefix> prefixes{prefix("192.0.2.0/25"), prefix("255.255.255.128/25")};
  CHECK(put_intervals(built.batch, {Family::v4, "xlimit", "a"}, prefixes, 1) == 2);
  const std::vector<SeenElement> elements = elements_in(built);
  REQUIRE(elements.size() == 3);
  CHECK(elements[0].key == address("192.0.2.0"));
  CHECK(elements[0].side == Side::begin);
  CHECK(elements[1].key == address("192.0.2.128"));
  CHECK(elements[1].side == Side::end);
  CHECK(elements[2].key == address("255.255.255.128"));
}

TEST_CASE("a set that is written is read back the same, with its comment") {
  Built built;
  put_new_set(built.batch, {Family::v6, "xlimit", "xlimit6"}, {.maximum = 7, .comment = "hello", .id = 1}, 1);
  const std::optional<SeenSet> set = read_set(built.message());
  REQUIRE(set.has_value());
  CHECK(set->name == "xlimit6");
  CHECK(set->maximum == 7);
  CHECK(set->comment == "hello");
  CHECK(is_of_form(*set, Family::v6, false));
  CHECK_FALSE(is_of_form(*set, Family::v4, false));
  CHECK_FALSE(is_of_form(*set, Family::v6, true));
}

TEST_CASE("a rule that looks addresses up is read back the same, with any length and port") {
  const std::array<SetKey, 2> keys{{{Family::v4, Direction::in}, {Family::v6, Direction::out}}};
  for (const SetKey key : keys) {
    for (const unsigned length : {1U, 24U, 31U, bits_of(key.family)}) {
      for (const std::vector<std::uint16_t>& ports : {std::vector<std::uint16_t>{}, {443}}) {
        for (const Rule& rule : wanted_rules(SetRef{"x", length}, key.direction, ports)) {
          Built built;
          put_rule(built.batch, key, "xlimit", rule, 1, {.counted = {.packets = 3, .bytes = 4}});
          const std::optional<SeenRule> read = read_rule(built.message());
          REQUIRE(read.has_value());
          CHECK(read->rule == rule);
          CHECK(read->counted.packets == 3);
        }
      }
    }
  }
}

TEST_CASE("names tell prefix lengths and lists apart") {
  const Names plain{"xlimit"};
  const NftNames names{plain};
  const SetKey v4{Family::v4, Direction::in};
  CHECK(names.of_bans(v4, 32) == "xlimit4");
  CHECK(names.of_bans(v4, 24) == "xlimit4/24");
  CHECK(names.length_of(v4, "xlimit4") == 32U);
  CHECK(names.length_of(v4, "xlimit4/24") == 24U);
  for (const char* other : {"xlimit4/", "xlimit4/x", "xlimit4/32", "xlimit4/-1", "xlimit4out", "xlimit6"})
    CHECK_FALSE(names.length_of(v4, other).has_value());
  REQUIRE(names.list_of("xlimit.bad4/12").has_value());
  CHECK(names.list_of("xlimit.bad4/12")->list == ListKey{"bad", Direction::in});
  CHECK_FALSE(names.list_of("xlimit4/24").has_value());
  CHECK_FALSE(names.list_of("xlimit.bad4").has_value());
}

TEST_CASE("a new prefix length gets rules behind those that stand, with their ports") {
  const SetKey key{Family::v4, Direction::in};
  const SetRef whole{"xlimit4", 32}, wide{"xlimit4/24", 24};
  ChainState state{.chain = wanted_chain(key.direction), .rules = {}};
  const std::vector<std::uint16_t> standing{443};
  for (const Rule& rule : wanted_rules(whole, key.direction, standing)) state.rules.push_back(seen(rule));
  ChainPlan plan{.key = key, .bans = {whole, wide}, .ports = {80}, .lists = {}};
  std::optional<ChainOrder> order = plan_chain(state, plan, Setup::missing);
  REQUIRE(order.has_value());
  CHECK_FALSE(order->replace);
  CHECK(order->rules == wanted_rules(wide, key.direction, standing));
  order = plan_chain(state, plan, Setup::exact);
  REQUIRE(order.has_value());
  CHECK(order->replace);
  CHECK(order->rules.size() == 4);
  plan.bans.pop_back();
  CHECK_FALSE(plan_chain(state, plan, Setup::missing).has_value());
}
