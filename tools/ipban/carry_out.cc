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
void Batch::carry_out(std::size_t begin, std::size_t end) {
  const std::span<const Item> run{items_.data() + begin, end - begin};
  const Kind kind = run.front().kind;
  if (kind == Kind::text) return;
  const std::span<sets::Order> orders{orders_.data() + begin, run.size()};
  const std::span<sets::Verdict> verdicts{verdicts_.data() + begin, run.size()};
  for (std::size_t i = 0; i < run.size(); ++i)
    orders[i] = {.direction = run[i].ban.direction, .entry = {run[i].ban.target, run[i].ban.duration}};
  const auto ask = [&] {
    return kind == Kind::ban ? enforcer_.ban(orders, verdicts) : enforcer_.unban(orders, verdicts);
  };
  base::Result<void> asked = ask();
  // Answers that got lost: everything is asked once more, which changes nothing that was done.
  if (!asked) asked = ask();
  const base::Time at = base::now();
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (!asked && !verdicts[i].done && verdicts[i].why.empty())
      verdicts[i] = {.failed = true, .why = asked.error().text};
    if (!verdicts[i].done) continue;
    if (kind == Kind::ban)
      enforcer_.memory().add(banned(run[i], orders[i], verdicts[i]), at);
    else
      enforcer_.memory().add(unbanned(run[i], orders[i], verdicts[i]), at);
  }
}

event::Banned Batch::banned(const Item& item, const sets::Order& order, const sets::Verdict& verdict) const {
  event::Ban ban = item.ban;
  ban.duration = order.entry.timeout;
  return {std::move(ban), verdict.result, enforcer_.set_of(order)};
}

event::Unbanned Batch::unbanned(const Item& item, const sets::Order& order,
                                const sets::Verdict& verdict) const {
  const event::Unban unban{.at = item.ban.at,
                           .node = item.ban.node,
                           .id = item.ban.id,
                           .origin = item.ban.origin,
                           .target = item.ban.target,
                           .direction = item.ban.direction};
  return {unban, verdict.was_present, enforcer_.set_of(order)};
}

base::Result<void> Batch::write(std::size_t index, stream::Output& out) {
  const Item& item = items_[index];
  switch (item.kind) {
    case Kind::text: return write_line(item.line, item.last, out);
    case Kind::ban: return write_ban(item, orders_[index], verdicts_[index], out);
    case Kind::unban: return write_unban(item, orders_[index], verdicts_[index], out);
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
  if (verdict.done) return out.write(event::encode(banned(item, order, verdict), line_));
  event::Ban ban = item.ban;
  ban.duration = order.entry.timeout;
  if (verdict.failed) failed_.add("'" + ip::to_string(ban.target) + "': " + verdict.why + ", refused");
  return out.write(event::encode(event::Refused{std::move(ban), verdict.why}, line_));
}

base::Result<void> Batch::write_unban(const Item& item, const sets::Order& order,
                                      const sets::Verdict& verdict, stream::Output& out) {
  if (dry_run_) return write_dry(item, out);
  if (verdict.done) return out.write(event::encode(unbanned(item, order, verdict), line_));
  failed_.add("lifting '" + ip::to_string(item.ban.target) + "': " + verdict.why + ", passed on");
  return write_line(item.line, item.last, out);
}

}  // namespace xlimit::ipban
