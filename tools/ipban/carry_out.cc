// SPDX-License-Identifier: MIT
// What `apply` does with events: carrying out what was gathered, and saying what became of it.
#include "base/clock.h"
#include "ipban/batch.h"

namespace xlimit::ipban {
namespace {

base::Result<void> write_line(std::string_view line, bool last, stream::Output& out) {
  return stream::pass({.text = line, .last = last}, out);
}

}  // namespace

// Neighbours of one kind.
base::Result<void> Batch::carry_out(std::span<const Item> run, stream::Output& out) {
  const Kind kind = run.front().kind;
  std::vector<sets::Order> orders;
  std::vector<sets::Verdict> verdicts;
  if (kind != Kind::text) {
    orders.reserve(run.size());
    for (const Item& item : run)
      orders.push_back({.direction = item.ban.direction, .entry = {item.ban.target, item.ban.duration}});
    verdicts.resize(run.size());
    base::Result<void> asked =
        kind == Kind::ban ? enforcer_.ban(orders, verdicts) : enforcer_.unban(orders, verdicts);
    // Answers that got lost: everything is asked once more, which changes nothing that was done.
    if (!asked)
      asked = kind == Kind::ban ? enforcer_.ban(orders, verdicts) : enforcer_.unban(orders, verdicts);
    at_ = base::now();
    for (sets::Verdict& verdict : verdicts) {
      if (!asked && !verdict.done && verdict.why.empty())
        verdict = {.failed = true, .why = asked.error().text};
    }
  }
  for (std::size_t i = 0; i < run.size(); ++i) {
    base::Result<void> written;
    if (kind == Kind::text) written = write_line(run[i].line, run[i].last, out);
    if (kind == Kind::ban) written = write_ban(run[i], orders[i], verdicts[i], out);
    if (kind == Kind::unban) written = write_unban(run[i], orders[i], verdicts[i], out);
    if (!written) return written;
  }
  return {};
}

base::Result<void> Batch::write_dry(const Item& item, stream::Output& out) {
  command_.warn(std::string{"would "} + (item.kind == Kind::ban ? "ban '" : "unban '") +
                ip::to_string(item.ban.target) + "'");
  return write_line(item.line, item.last, out);
}

base::Result<void> Batch::write_ban(const Item& item, const sets::Order& order, const sets::Verdict& verdict,
                                    stream::Output& out) {
  if (dry_run_ && verdict.why.empty()) return write_dry(item, out);
  event::Ban ban = item.ban;
  ban.duration = order.entry.timeout;
  if (verdict.done) {
    const event::Banned banned{std::move(ban), verdict.result, enforcer_.set_of(order)};
    enforcer_.memory().add(banned, at_);
    return out.write(event::encode(banned, line_));
  }
  if (verdict.failed) failed_.add("'" + ip::to_string(ban.target) + "': " + verdict.why + ", refused");
  return out.write(event::encode(event::Refused{std::move(ban), verdict.why}, line_));
}

base::Result<void> Batch::write_unban(const Item& item, const sets::Order& order,
                                      const sets::Verdict& verdict, stream::Output& out) {
  if (dry_run_) return write_dry(item, out);
  if (!verdict.done) {
    failed_.add("lifting '" + ip::to_string(item.ban.target) + "': " + verdict.why + ", passed on");
    return write_line(item.line, item.last, out);
  }
  const event::Unban unban{.at = item.ban.at,
                           .node = item.ban.node,
                           .id = item.ban.id,
                           .origin = item.ban.origin,
                           .target = item.ban.target,
                           .direction = item.ban.direction};
  const event::Unbanned unbanned{unban, verdict.was_present, enforcer_.set_of(order)};
  enforcer_.memory().add(unbanned, at_);
  return out.write(event::encode(unbanned, line_));
}

}  // namespace xlimit::ipban
