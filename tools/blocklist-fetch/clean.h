// SPDX-License-Identifier: MIT
// From lists as they were published to one that can be enforced: what must not be in it is taken out and
// counted.
#pragma once

#include <cstdint>
#include <string>

#include "blocklist-fetch/settings.h"
#include "ip/ranges.h"

namespace xlimit::blocklist_fetch {

class Cleaner {
 public:
  // Reads the allowlist and this host's addresses.
  static base::Result<Cleaner> open(const Settings& settings);

  // Takes out of `ranges`, not united yet, what must not be in it, and unites it. What was taken out adds up.
  void clean(ip::Ranges& ranges);
  // "3 too wide, 12 bogons, 1 own, 2 allowlisted", or nothing.
  std::string taken_out() const;
  // What is left, as the fewest prefixes, one a line, on stdout; none is wider than those that are taken out,
  // or than a list may hold. Fails when stdout does.
  base::Result<void> write(const ip::Ranges& ranges) const;
  // Why this address would be taken out; empty when it stays.
  std::string reason(const ip::Address& address) const;

 private:
  Cleaner() = default;

  ip::Widest widest_;
  ip::Ranges bogons_, own_, allowed_;
  std::size_t wide_count_ = 0, bogon_count_ = 0, own_count_ = 0, allowed_count_ = 0;
};

}  // namespace xlimit::blocklist_fetch
