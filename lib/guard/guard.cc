// SPDX-License-Identifier: MIT
// May this target be banned?
#include "guard/guard.h"

#include <array>

#include "base/text.h"

namespace xlimit::guard {

namespace {

struct Special {
  ip::Prefix prefix;
  const char* name;
};

const std::array<Special, 7>& special_table() {
  static const std::array<Special, 7> table{{
      {*ip::parse_prefix("127.0.0.0/8"), "loopback"},
      {*ip::parse_prefix("::1"), "loopback"},
      {*ip::parse_prefix("0.0.0.0"), "unspecified"},
      {*ip::parse_prefix("::"), "unspecified"},
      {*ip::parse_prefix("224.0.0.0/4"), "multicast"},
      {*ip::parse_prefix("ff00::/8"), "multicast"},
      {*ip::parse_prefix("255.255.255.255"), "broadcast"},
  }};
  return table;
}

std::vector<ip::Prefix> as_prefixes(const std::vector<ip::Address>& addresses) {
  return {addresses.begin(), addresses.end()};
}

}  // namespace

std::vector<ip::Prefix> specials() {
  std::vector<ip::Prefix> prefixes;
  for (const Special& special : special_table()) prefixes.push_back(special.prefix);
  return prefixes;
}

Guard::Guard(const Policy& policy)
    : widest4_(policy.widest4), widest6_(policy.widest6), allow_(policy.allow) {}

void Guard::protect_host(const std::vector<ip::Prefix>& own, const std::vector<ip::Address>& gateways) {
  own_ = ip::PrefixIndex{own};
  gateways_ = ip::PrefixIndex{as_prefixes(gateways)};
}

void Guard::protect_peers(const std::vector<ip::Address>& peers) {
  peers_ = ip::PrefixIndex{as_prefixes(peers)};
}

std::optional<std::string> Guard::refusal(const ip::Prefix& target) const {
  const unsigned widest = target.is_v4() ? widest4_ : widest6_;
  // The kernel's sets take no /0 whatever the operator allows.
  if (target.length() == 0 || target.length() < widest)
    return "wider than /" + std::to_string(widest == 0 ? 1 : widest);
  for (const Special& special : special_table()) {
    if (special.prefix.overlaps(target)) return special.name;
  }
  const struct {
    const ip::PrefixIndex& index;
    const char* name;
  } protections[] = {{own_, "own address: "},
                     {gateways_, "default gateway: "},
                     {allow_, "allowlisted: "},
                     {peers_, "connected to a protected port: "}};
  for (const auto& [index, name] : protections) {
    if (const ip::Prefix* found = index.overlapping(target)) return name + ip::to_string(*found);
  }
  return {};
}

base::Result<std::vector<ip::Prefix>> parse_allowlist(std::string_view text, std::string_view name) {
  std::vector<ip::Prefix> prefixes;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    const std::string_view whole = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const std::string_view word = base::trimmed(whole.substr(0, whole.find_first_of("#;")));
    if (word.empty()) continue;
    const std::optional<ip::Prefix> prefix = ip::parse_prefix(word);
    if (!prefix)
      return base::fail(base::Exit::kConfig, std::string{name} + ":" + std::to_string(line) + ": '" +
                                                 std::string{word} + "' is not an address or prefix");
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

base::Result<std::vector<ip::Prefix>> gather_allowlists(const std::vector<std::string>& words,
                                                        const ReadText& read) {
  std::vector<ip::Prefix> prefixes;
  for (const std::string& word : words) {
    if (const std::optional<ip::Prefix> prefix = ip::parse_prefix(word)) {
      prefixes.push_back(*prefix);
      continue;
    }
    base::Result<std::string> text = read(word);
    if (!text) return base::failed(text);
    base::Result<std::vector<ip::Prefix>> listed = parse_allowlist(*text, word);
    if (!listed) return listed;
    prefixes.insert(prefixes.end(), listed->begin(), listed->end());
  }
  return prefixes;
}

}  // namespace xlimit::guard
