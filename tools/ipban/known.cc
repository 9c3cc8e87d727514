// SPDX-License-Identifier: MIT
// What is known of a ban, in words.
#include "ipban/known.h"

#include "event/encode.h"

namespace xlimit::ipban {

std::string Known::json() const {
  std::string text;
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) text += std::string{",\""} + key + "\":\"" + value + '"';
  };
  add("id", id);
  add("origin", origin);
  add("rule", rule);
  add("user", user);
  add("reason", reason);
  return text;
}

void Known::add_to(Row& row) const {
  for (const std::string* cell : {&rule, &user, &origin, &reason}) row.push_back(cell->empty() ? "-" : *cell);
}

std::string Known::clause() const {
  std::string text;
  const auto add = [&](const char* what, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : ", ") + std::string{what} + " '" + value + "'";
  };
  add("rule", rule);
  add("user", user);
  add("by", origin);
  if (!reason.empty()) text += (text.empty() ? "" : ": ") + reason;
  return text.empty() ? text : " (" + text + ")";
}

Known what_is_known(ledger::Ledger& ledger, const ledger::Key& key, base::Time now) {
  const ledger::Entry* entry = ledger.find(key, now);
  if (entry == nullptr) return {};
  const event::Banned banned = ledger.read(*entry);
  return {.id = event::escaped(banned.ban.id),
          .origin = event::escaped(banned.ban.origin),
          .rule = event::escaped(banned.ban.rule),
          .user = event::escaped(banned.ban.user),
          .reason = event::escaped(banned.ban.reason)};
}

}  // namespace xlimit::ipban
