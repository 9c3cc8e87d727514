// SPDX-License-Identifier: MIT
// What `apply` does with events.
#include "ipban/batch.h"

#include <cstring>

#include "base/clock.h"

namespace xlimit::ipban {
namespace {

// A batch ends here even when more input waits, so that memory stays bounded and the first ban of a flood is
// not held up by the last.
constexpr std::size_t kMostItems = 4096;
constexpr std::size_t kMostBytes = std::size_t{1024} * 1024;

base::Result<void> write_line(std::string_view line, bool last, stream::Output& out) {
  return stream::pass({.text = line, .last = last}, out);
}

}  // namespace

Batch::Batch(Enforcer& enforcer, const Settings& settings, const cli::Command& command)
    : enforcer_(enforcer),
      dry_run_(settings.dry_run),
      command_(command),
      arena_(kMostBytes),
      failed_(command, "a ban failed") {}

std::string_view Batch::keep(std::string_view text) {
  if (text.empty()) return {};
  kept_ += text.size();
  char* place = static_cast<char*>(arena_.allocate(text.size(), 1));
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

base::Result<bool> Batch::take(const event::Event& event, const stream::Piece& line, stream::Output& out) {
  base::Result<void> added;
  if (const auto* ban = std::get_if<event::Ban>(&event)) {
    added = add(Kind::ban, *ban, line, out);
  } else if (const auto* unban = std::get_if<event::Unban>(&event)) {
    event::Ban same;
    same.at = unban->at;
    same.node = unban->node;
    same.id = unban->id;
    same.origin = unban->origin;
    same.target = unban->target;
    same.direction = unban->direction;
    added = add(Kind::unban, same, line, out);
  } else {
    return false;
  }
  if (!added) return base::failed(added);
  return true;
}

base::Result<void> Batch::pass(const stream::Piece& line, stream::Output& out) {
  return items_.empty() ? stream::pass(line, out) : add(Kind::text, {}, line, out);
}

base::Result<void> Batch::add(Kind kind, event::Ban ban, const stream::Piece& line, stream::Output& out) {
  for (std::string_view* text : {&ban.node, &ban.id, &ban.origin, &ban.rule, &ban.user, &ban.reason})
    *text = keep(*text);
  items_.push_back({.kind = kind, .last = line.last, .line = keep(line.text), .ban = std::move(ban)});
  if (items_.size() < kMostItems && kept_ < kMostBytes) return {};
  return act(out);
}

base::Result<void> Batch::act(stream::Output& out) {
  const std::span<const Item> all{items_};
  base::Result<void> done;
  for (std::size_t begin = 0, end = 0; begin < all.size() && done; begin = end) {
    while (end < all.size() && all[end].kind == all[begin].kind) ++end;
    done = carry_out(all.subspan(begin, end - begin), out);
  }
  items_.clear();
  arena_.release();
  kept_ = 0;
  if (done && enforcer_.memory().gathered() >= kMostBytes) return remember(out);
  return done;
}

base::Result<void> Batch::remember(stream::Output& out) {
  base::Result<void> flushed = out.flush();
  enforcer_.memory().write();
  return flushed;
}

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
