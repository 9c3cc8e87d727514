// SPDX-License-Identifier: MIT
// ipban add, del: bans by hand. What became of them is written as the same events that apply writes.
#include <fmt/core.h>

#include "base/clock.h"
#include "cli/print.h"
#include "event/encode.h"
#include "ipban/enforcer.h"
#include "ipban/print.h"
#include "ipban/request.h"

namespace xlimit::ipban {
namespace {

using sets::Order;
using sets::Verdict;

// What `add` and `del` share once the kernel has spoken: say what went wrong, print the rest.
Ended tell(std::span<const Verdict> verdicts, std::span<const Order> orders, const Settings& settings,
           const char* what, const std::function<std::string_view(std::size_t)>& line,
           const std::function<Row(std::size_t)>& row) {
  const Format format = resolve(settings.format);
  bool all = true;
  std::vector<Row> rows;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const std::string target = ip::to_string(orders[i].entry.target);
    const bool good = verdicts[i].why.empty();
    if (!good) cli::complain("ipban", fmt::format("{} '{}': {}", what, target, verdicts[i].why));
    all = all && good;
    if (settings.dry_run) {
      if (good) cli::print("would {} '{}'\n", what, target);
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
  const std::deque<Request> requests = make_requests(*orders, settings, command);
  const auto banned = [&](std::size_t i) {
    return event::Banned{requests[i].ban, verdicts[i].result, (*enforcer)->set_of((*orders)[i])};
  };
  for (std::size_t i = 0; i < orders->size(); ++i) {
    if (verdicts[i].done) (*enforcer)->memory().add(banned(i), at);
  }
  (*enforcer)->memory().write();
  if (!done) return tl::make_unexpected(done.error());
  event::Line buffer;
  return tell(
      verdicts, *orders, settings, "ban",
      [&](std::size_t i) {
        return verdicts[i].done ? event::encode(banned(i), buffer)
                                : event::encode(event::Refused{requests[i].ban, verdicts[i].why}, buffer);
      },
      [&](std::size_t i) -> Row {
        const sets::Entry& entry = (*orders)[i].entry;
        if (!verdicts[i].done) return {ip::to_string(entry.target), "refused", ""};
        return {ip::to_string(entry.target), std::string{event::word(verdicts[i].result)},
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
  const std::deque<Request> requests = make_requests(*orders, settings, command);
  const auto unbanned = [&](std::size_t i) {
    return event::Unbanned{requests[i].unban(), verdicts[i].was_present,
                           (*backend)->name_of((*orders)[i].key())};
  };
  for (std::size_t i = 0; i < orders->size(); ++i) {
    if (verdicts[i].done) memory.add(unbanned(i), base::now());
  }
  memory.write();
  event::Line buffer;
  return tell(
      verdicts, *orders, settings, "unban",
      [&](std::size_t i) {
        return verdicts[i].done ? event::encode(unbanned(i), buffer)
                                : event::encode(requests[i].unban(), buffer);
      },
      [&](std::size_t i) -> Row {
        if (!verdicts[i].done) return {ip::to_string((*orders)[i].entry.target), "failed"};
        return {ip::to_string((*orders)[i].entry.target), verdicts[i].was_present ? "removed" : "absent"};
      });
}

}  // namespace xlimit::ipban
