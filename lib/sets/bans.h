// SPDX-License-Identifier: MIT
// Bans that never get shorter, on any backend: what is there already is extended when the new ban lasts
// longer, and left alone when it does not.
//
//   sets::Bans bans{store};
//   std::vector<Verdict> verdicts(orders.size());
//   Result<void> asked = bans.ban(orders, verdicts);
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "event/event.h"
#include "sets/backend.h"

namespace xlimit::sets {

// The kernel's word on one ban or its removal.
struct Verdict {
  bool done = false;
  event::BanResult result = event::BanResult::added;  // of a ban that is done
  bool was_present = false;                           // of a removal that is done
  bool failed = false;                                // the kernel could not, as opposed to: it was not asked
  std::string why{};                                  // of what is not done
};

class Bans {
 public:
  explicit Bans(BanStore& store) : store_(store) {}

  // Inserts every entry (the orders' actions are ignored). Missing sets and rules are put in place first.
  // Fails when the kernel could not be asked at all.
  base::Result<void> ban(std::span<const Order> orders, std::span<Verdict> verdicts);
  base::Result<void> unban(std::span<const Order> orders, std::span<Verdict> verdicts);

 private:
  // Indexes of orders that wait for something.
  using Waiting = std::vector<std::size_t>;

  base::Result<Waiting> insert(const Waiting& which, std::span<const Order> orders,
                               std::span<Verdict> verdicts);
  base::Result<Waiting> extend(const Waiting& which, std::span<const Order> orders,
                               std::span<Verdict> verdicts);
  base::Result<void> execute(const std::vector<Order>& orders, std::vector<Answer>& answers);
  std::string reason(const Order& order, const Answer& answer) const;

  BanStore& store_;
};

}  // namespace xlimit::sets
