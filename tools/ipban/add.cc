// SPDX-License-Identifier: MIT
// ipban add, del: bans by hand. What became of them is written as the same events that apply writes.
#include <fmt/core.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "cli/print.h"
#include "event/encode.h"
#include "ipban/enforcer.h"
#include "ipban/print.h"

namespace xlimit::ipban {
namespace {

using sets::Order;
using sets::Verdict;

// All or none: a typo in the third word must not leave the first two banned and the rest forgotten.
base::Result<std::vector<Order>> read_orders(const Settings& settings) {
  std::vector<Order> orders;
  for (const std::string& word : settings.targets) {
    base::Result<ip::Prefix> target = ip::read_prefix(word);
    if (!target) return base::failed(target);
    orders.push_back(
        {.direction = settings.direction, .entry = {.target = *target, .timeout = settings.duration}});
  }
  return orders;
}

// One order as the event that would have asked for it.
struct Request {
  Request(const Order& order, const Settings& settings, const cli::Command& command)
      : id(base::make_uuid7(base::now(), ip::to_string(order.entry.target))),
        origin(command.common().node + "/ipban") {
    ban = {.at = base::now(),
           .node = command.common().node,
           .id = id,
           .origin = origin,
           .target = order.entry.target,
           .address = {},
           .duration = order.entry.timeout,
           .direction = order.direction,
           .rule = "manual",
           .user = {},
           .ports = {},
           .reason = settings.reason};
  }
  event::Unban unban() const {
    return {.at = ban.at,
            .node = ban.node,
            .id = id,
            .origin = origin,
            .target = ban.target,
            .direction = ban.direction};
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::string id, origin;
  event::Ban ban;
};

const char* word(event::BanResult result) {
  switch (result) {
    case event::BanResult::added: return "added";
    case event::BanResult::extended: return "extended";
    case event::BanResult::present: return "present";
  }
  return "";
}

// What `add` and `del` share once the kernel has spoken: say what went wrong, print the rest.
Ended tell(std::span<const Verdict> verdicts, std::span<const Order> orders, const Settings& settings,
           const char* what, const std::function<std::string_view(std::size_t)>& line,
           const std::function<Row(std::size_t)>& row) {
  const Format format = resolve(settings.format);
  bool all = true;
  std::vector<Row> rows;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const std::string target = ip::to_string(orders[i].entry.target);
    if (!verdicts[i].why.empty()) {
      all = false;
      cli::complain("ipban", fmt::format("{} '{}': {}", what, target, verdicts[i].why));
    } else if (settings.dry_run) {
      cli::print("would {} '{}'\n", what, target);
    } else if (format == Format::json) {
      cli::print("{}", line(i));
    } else {
      rows.push_back(row(i));
    }
  }
  print_plain(rows);
  return all ? base::Exit::kDone : base::Exit::kNo;
}

}  // namespace

Ended add(const Settings& settings, const cli::Command& command) {
  base::Result<std::vector<Order>> orders = read_orders(settings);
  if (!orders) return base::failed(orders);
  base::Result<std::unique_ptr<Enforcer>> enforcer = Enforcer::open(settings, command);
  if (!enforcer) return base::failed(enforcer);
  if (sets::Backend* backend = (*enforcer)->backend()) {
    base::Result<std::vector<std::string>> made =
        backend->setup(settings.direction, sets::Setup::missing, false);
    if (!made) return base::failed(made);
    if (!made->empty()) (*enforcer)->memory().keep_ports(*backend, settings.ports);
  }
  std::vector<Verdict> verdicts(orders->size());
  const base::Result<void> done = (*enforcer)->ban(*orders, verdicts);
  const base::Time at = base::now();
  for (std::size_t i = 0; i < orders->size(); ++i) {
    const Request request{(*orders)[i], settings, command};
    const std::string& set = (*enforcer)->set_of((*orders)[i]);
    if (verdicts[i].done) (*enforcer)->memory().add({request.ban, verdicts[i].result, set}, at);
  }
  (*enforcer)->memory().write();
  if (!done) return tl::make_unexpected(done.error());
  event::Line buffer;
  return tell(
      verdicts, *orders, settings, "ban",
      [&](std::size_t i) {
        const Request request{(*orders)[i], settings, command};
        const std::string& set = (*enforcer)->set_of((*orders)[i]);
        return event::encode(event::Banned{request.ban, verdicts[i].result, set}, buffer);
      },
      [&](std::size_t i) -> Row {
        const sets::Entry& entry = (*orders)[i].entry;
        return {ip::to_string(entry.target), word(verdicts[i].result),
                verdicts[i].result == event::BanResult::present ? "" : show_remaining(entry.timeout)};
      });
}

Ended del(const Settings& settings, const cli::Command& command) {
  base::Result<std::vector<Order>> orders = read_orders(settings);
  if (!orders) return base::failed(orders);
  // Nothing that keeps bans from happening, a broken allowlist say, may keep one from being lifted.
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  std::vector<Verdict> verdicts(orders->size());
  base::Result<void> done;
  if (!settings.dry_run) done = sets::Bans{**backend}.unban(*orders, verdicts);
  if (!done) return base::failed(done);
  for (std::size_t i = 0; i < orders->size(); ++i) {
    const Request request{(*orders)[i], settings, command};
    const std::string& set = (*backend)->name_of((*orders)[i].key());
    if (verdicts[i].done) memory.add({request.unban(), verdicts[i].was_present, set}, base::now());
  }
  memory.write();
  event::Line buffer;
  return tell(
      verdicts, *orders, settings, "unban",
      [&](std::size_t i) {
        const Request request{(*orders)[i], settings, command};
        const std::string& set = (*backend)->name_of((*orders)[i].key());
        return event::encode(event::Unbanned{request.unban(), verdicts[i].was_present, set}, buffer);
      },
      [&](std::size_t i) -> Row {
        return {ip::to_string((*orders)[i].entry.target), verdicts[i].was_present ? "removed" : "absent"};
      });
}

}  // namespace xlimit::ipban
