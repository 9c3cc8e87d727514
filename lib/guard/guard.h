// SPDX-License-Identifier: MIT
// May this target be banned? Decides what never is: the host itself, the way to it, those who administer it,
// the allowlist, and prefixes so wide that a slip of the pen would cut a continent off.
//
//   guard::Guard guard{{.allow = allowed}};
//   guard.protect_host(own, gateways);
//   if (const std::optional<std::string> why = guard.refusal(target)) ...   // "allowlisted: 10.0.0.0/8"
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"
#include "ip/prefix_index.h"

namespace xlimit::guard {

struct Policy {
  std::vector<ip::Prefix> allow;
  unsigned widest4 = 16;  // shortest prefix length that may be banned
  unsigned widest6 = 32;
};

class Guard {
 public:
  explicit Guard(const Policy& policy);

  // Replaces what is known of this host: prefixes it answers to, and the next hops of its default routes.
  void protect_host(const std::vector<ip::Prefix>& own, const std::vector<ip::Address>& gateways);
  // Replaces the addresses that hold a connection to a protected port.
  void protect_peers(const std::vector<ip::Address>& peers);

  // Why `target` must not be banned; absent when it may. A prefix is refused with anything protected inside
  // it.
  std::optional<std::string> refusal(const ip::Prefix& target) const;

 private:
  unsigned widest4_, widest6_;
  ip::PrefixIndex allow_, own_, gateways_, peers_;
};

// What nobody bans on any host: loopback, unspecified, multicast, broadcast.
std::vector<ip::Prefix> specials();

// Reads an allowlist: an address or prefix a line, '#' and ';' begin a comment. Fails with kConfig and
// "NAME:LINE: 'text' is not an address or prefix" at the first line that is neither: an allowlist that is
// half understood would let someone be banned.
base::Result<std::vector<ip::Prefix>> parse_allowlist(std::string_view text, std::string_view name);

// What an option takes: each word is a prefix, or the name of an allowlist that `read` gives the text of.
// Fails when a word is neither.
using ReadText = std::function<base::Result<std::string>(const std::string&)>;
base::Result<std::vector<ip::Prefix>> gather_allowlists(const std::vector<std::string>& words,
                                                        const ReadText& read);

}  // namespace xlimit::guard
