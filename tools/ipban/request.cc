// SPDX-License-Identifier: MIT
// Bans by hand, as the events that would have asked for them.
#include "ipban/request.h"

#include "base/clock.h"
#include "base/uuid.h"

namespace xlimit::ipban {

using sets::Order;

Request::Request(const Order& order, const Settings& settings, const cli::Command& command)
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

event::Unban Request::unban() const {
  return {.at = ban.at,
          .node = ban.node,
          .id = id,
          .origin = origin,
          .target = ban.target,
          .direction = ban.direction};
}

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

std::deque<Request> make_requests(const std::vector<Order>& orders, const Settings& settings,
                                  const cli::Command& command) {
  std::deque<Request> requests;
  for (const Order& order : orders) requests.emplace_back(order, settings, command);
  return requests;
}

}  // namespace xlimit::ipban
