// SPDX-License-Identifier: MIT
// Since when a list has held an address: the time of the change that brought it. Pure. Kept as text, a prefix
// and a time a line, for what was not in the list from the beginning.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ip/ranges.h"

namespace xlimit::feed {

class History {
 public:
  History() = default;
  // Lines that are nothing of the kind are passed over.
  explicit History(std::string_view text);

  // At `at` the list changed. Forgets what is gone.
  void advance(const ip::Ranges& before, const ip::Ranges& after, base::Time at);
  // Absent when no change brought it.
  std::optional<base::Time> since(const ip::Address& address) const;
  std::string text() const;

 private:
  std::map<base::Time, ip::Ranges> came_;
};

}  // namespace xlimit::feed
