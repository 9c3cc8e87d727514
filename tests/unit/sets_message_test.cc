// SPDX-License-Identifier: MIT
// Listings of sets, chains and rules as a kernel sent them (tests/captures), and the messages sent to it.
#include <doctest/doctest.h>
#include <linux/netfilter.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "sets/rule_message.h"
#include "sets/set_message.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

// The messages of a recorded answer, in memory that is aligned as the kernel's would be.
class Capture {
 public:
  explicit Capture(const std::string& name) {
    std::ifstream file{std::string{XLIMIT_TESTS} + "/captures/" + name, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    words_.resize((bytes.size() + 3) / 4);
    std::memcpy(words_.data(), bytes.data(), bytes.size());
    size_ = bytes.size();
    REQUIRE(size_ > 0);
  }
  template <class Visit>
  void each(Visit visit) {
    auto* at = reinterpret_cast<char*>(words_.data());
    for (std::size_t left = size_; left >= sizeof(nlmsghdr);) {
      auto* message = reinterpret_cast<nlmsghdr*>(at);
      visit(*message);
      const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(message->nlmsg_len), left);
      at += step;
      left -= step;
    }
  }

 private:
  std::vector<std::uint32_t> words_;
  std::size_t size_ = 0;
};

ip::Prefix prefix(std::string_view text) { return ip::parse_prefix(text).value(); }

std::vector<sets::Entry> entries_of(const std::string& name) {
  std::vector<sets::Entry> entries;
  Capture capture{name};
  capture.each([&](nlmsghdr& message) {
    sets::read_entries(message, [&](const sets::Entry& entry) { entries.push_back(entry); });
  });
  std::ranges::sort(entries, {}, &sets::Entry::target);
  return entries;
}

std::vector<sets::SeenRule> rules_of(const std::string& name) {
  std::vector<sets::SeenRule> rules;
  Capture capture{name};
  capture.each([&](nlmsghdr& message) {
    if (const auto rule = sets::read_rule(message)) rules.push_back(*rule);
  });
  return rules;
}

}  // namespace

TEST_CASE("a listing gives addresses and prefixes with the time they have left, and no exceptions") {
  const std::vector<sets::Entry> entries = entries_of("ipset-list4.bin");
  REQUIRE(entries.size() == 3);  // a fourth is marked "nomatch"
  CHECK(entries[0].target == prefix("192.0.2.1"));
  CHECK(entries[1].target == prefix("198.51.100.0/24"));
  CHECK(entries[2] == sets::Entry{prefix("203.0.113.7"), 0s});
  CHECK(entries[0].timeout > 590s);
  CHECK(entries[0].timeout <= 600s);
}

TEST_CASE("a listing of IPv6 entries") {
  const std::vector<sets::Entry> entries = entries_of("ipset-list6.bin");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].target == prefix("2001:db8::/64"));
  CHECK(entries[1].target == prefix("2001:db8:1::5"));
}

TEST_CASE("a listing cut short anywhere gives only entries that are whole") {
  const std::vector<sets::Entry> whole = entries_of("ipset-list4.bin");
  Capture capture{"ipset-list4.bin"};
  capture.each([&](nlmsghdr& message) {
    const std::uint32_t length = message.nlmsg_len;
    for (std::uint32_t cut = sizeof(nlmsghdr); cut < length; ++cut) {
      message.nlmsg_len = cut;
      sets::read_entries(message, [&](const sets::Entry& entry) {
        CHECK(std::ranges::any_of(whole, [&](const sets::Entry& one) { return one.target == entry.target; }));
      });
    }
    message.nlmsg_len = length;
  });
}

TEST_CASE("a recorded chain stands before connection tracking") {
  Capture capture{"nft-chain.bin"};
  capture.each([&](nlmsghdr& message) {
    const std::optional<sets::SeenChain> chain = sets::read_chain(message);
    REQUIRE(chain.has_value());
    CHECK(*chain == sets::wanted_chain(sets::Direction::in));
    CHECK(chain->hook == NF_INET_PRE_ROUTING);
    CHECK(chain->priority == -300);
  });
}

TEST_CASE("recorded rules are recognised, a foreign one among them is not") {
  const std::vector<sets::SeenRule> rules = rules_of("nft-rules.bin");
  REQUIRE(rules.size() == 2);
  REQUIRE(rules[0].rule.has_value());
  CHECK(*rules[0].rule == sets::wanted_rules(rules[0].rule->set, sets::Direction::in, {}).front());
  CHECK_FALSE(rules[1].rule.has_value());
  CHECK_FALSE(rules[0].lets_by);
  CHECK(rules[1].lets_by);  // it accepts
}

TEST_CASE("recorded rules with a port are TCP's and UDP's") {
  const std::vector<sets::SeenRule> rules = rules_of("nft-rules-ports.bin");
  REQUIRE(rules.size() == 2);
  REQUIRE(rules[0].rule.has_value());
  const std::uint16_t port = 443;
  const std::vector<sets::Rule> wanted =
      sets::wanted_rules(rules[0].rule->set, sets::Direction::in, {&port, 1});
  CHECK(*rules[0].rule == wanted[0]);
  CHECK(rules[1].rule == wanted[1]);
}

TEST_CASE("a rule that is written is read back the same") {
  for (const sets::Rule& rule : {sets::Rule{.set = 7}, sets::Rule{.set = 65000, .by_source = false},
                                 sets::Rule{.set = 1, .by_source = true, .protocol = 17, .port = 65535}}) {
    alignas(nlmsghdr) std::array<std::byte, 2048> buffer;
    netlink::Batch batch{buffer};
    sets::put_rule(batch, {}, "xlimit", rule, 1, {});
    REQUIRE_FALSE(batch.full());
    const auto seen = sets::read_rule(*reinterpret_cast<const nlmsghdr*>(buffer.data()));
    REQUIRE(seen.has_value());
    CHECK(seen->rule == rule);
  }
}

TEST_CASE("an order is the message that the ipset program would send") {
  alignas(nlmsghdr) std::array<std::byte, 256> buffer;
  netlink::Batch batch{buffer};
  sets::put_entry(batch, sets::Action::insert, "x4", {prefix("192.0.2.0/24"), 60s}, 9);
  const std::vector<std::uint8_t> expected{68, 0, 0, 0,    9,   6,   5, 2,    9,   0, 0, 0,
                                           0,  0, 0, 0,  // ADD, REQUEST|ACK|EXCL, sequence 9
                                           2,  0, 0, 0,  // AF_INET
                                           5,  0, 1, 0,    6,   0,   0, 0,                   // protocol 6
                                           7,  0, 2, 0,    'x', '4', 0, 0,                   // set
                                           32, 0, 7, 0x80,                                   // data
                                           12, 0, 1, 0x80, 8,   0,   1, 0x40, 192, 0, 2, 0,  // address
                                           5,  0, 3, 0,    24,  0,   0, 0,                   // prefix length
                                           8,  0, 6, 0x40, 0,   0,   0, 60};                 // timeout
  const auto bytes = batch.bytes();
  REQUIRE(bytes.size() == expected.size());
  CHECK(std::memcmp(bytes.data(), expected.data(), expected.size()) == 0);
}

TEST_CASE("news of harm are about our table: what is taken away, what is not as it was, not a rule of ours") {
  alignas(nlmsghdr) std::array<std::byte, 512> buffer;
  netlink::Batch batch{buffer};
  auto& header = *reinterpret_cast<const nlmsghdr*>(buffer.data());
  sets::put_delete_table(batch, sets::Family::v4, "xlimit", 1, false);
  CHECK(sets::is_harm_in(header, "xlimit"));
  CHECK_FALSE(sets::is_harm_in(header, "xlimit2"));
  batch.clear();
  sets::put_delete_rules(batch, {}, "xlimit", 1);
  CHECK(sets::is_harm_in(header, "xlimit"));
  batch.clear();
  sets::put_table(batch, sets::Family::v4, "xlimit", 1);
  CHECK(sets::is_harm_in(header, "xlimit"));
  batch.clear();
  sets::put_rule(batch, {}, "xlimit", {.set = 7}, 1, {});
  CHECK_FALSE(sets::is_harm_in(header, "xlimit"));
}
