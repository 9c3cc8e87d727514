// SPDX-License-Identifier: MIT
// What is known of a ban, in words: for list and test.
#pragma once

#include <string>

#include "ipban/print.h"
#include "ledger/ledger.h"

namespace xlimit::ipban {

// Escaped, because strangers chose the texts; everything empty when nothing is known.
struct Known {
  std::string id, origin, rule, user, reason;

  // ,"id":"...","origin":"..." and so on.
  std::string json() const;
  // Cells for rule, user, origin and reason; what is unknown is "-".
  void add_to(Row& row) const;
  // " (rule 'addresses', user 'ann', by 'fi-1/session-detect': 3 addresses, limit 1)", or nothing.
  std::string clause() const;
};

Known what_is_known(ledger::Ledger& ledger, const ledger::Key& key, base::Time now);

}  // namespace xlimit::ipban
