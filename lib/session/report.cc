// SPDX-License-Identifier: MIT
// Fills the event structs from a verdict.
#include "session/report.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "event/encode.h"

namespace xlimit::session {
namespace {

// What the audit log says beside the ban.
std::string reason_of(const Verdict& verdict) {
  if (verdict.rule != "addresses") return verdict.why;
  return fmt::format("{} addresses, limit {}", verdict.counted, verdict.limit);
}

}  // namespace

void report(const Verdict& verdict, std::string_view node, std::string_view origin,
            const std::function<void(std::string_view)>& write) {
  event::Line line;
  event::Violation violation;
  violation.at = verdict.at;
  violation.node = node;
  violation.rule = verdict.rule;
  violation.user = verdict.user;
  violation.limit = verdict.limit;
  violation.addresses = verdict.addresses;
  violation.window = verdict.window;
  violation.action = word(verdict.action);
  violation.why = verdict.why;
  write(event::encode(violation, line));

  const std::string reason = reason_of(verdict);
  for (const Target& target : verdict.targets) {
    const std::string content =
        fmt::format("{}\n{}\n{}\n{}", origin, verdict.rule, verdict.user, ip::to_string(target.prefix));
    const std::string id = base::make_uuid7(verdict.now, content);
    event::Ban ban;
    ban.at = verdict.at;
    ban.node = node;
    ban.id = id;
    ban.origin = origin;
    ban.target = target.prefix;
    ban.address = target.address;
    ban.duration = target.duration;
    ban.rule = verdict.rule;
    ban.user = verdict.user;
    ban.ports = target.ports;
    ban.reason = reason;
    write(event::encode(ban, line));
  }
}

}  // namespace xlimit::session
