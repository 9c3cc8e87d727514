// SPDX-License-Identifier: MIT
// Bans by hand, as the events that would have asked for them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "cli/command.h"
#include "event/event.h"
#include "ipban/settings.h"
#include "sets/backend.h"

namespace xlimit::ipban {

struct Request {
  Request(const sets::Order& order, const Settings& settings, const cli::Command& command);
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  event::Unban unban() const;

  std::string id, origin;
  event::Ban ban;
};

// The targets on the command line. All or none: a typo in the third word must not leave the first two banned
// and the rest forgotten.
base::Result<std::vector<sets::Order>> read_orders(const Settings& settings);

std::deque<Request> make_requests(const std::vector<sets::Order>& orders, const Settings& settings,
                                  const cli::Command& command);

}  // namespace xlimit::ipban
