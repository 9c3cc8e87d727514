// SPDX-License-Identifier: MIT
// The lines around the one that is judged, and which connections they name. Clients open several at once; who
// is banned for the first of them has the others too, which nobody else knows of yet.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "event/decode.h"
#include "ip/address.h"
#include "sockets/finder.h"

namespace session_detect {

using namespace xlimit;

class Nearby {
 public:
  // Looked at: so many lines before it that are no older, and so many of those that were read with it.
  static constexpr std::size_t kMostBefore = 128, kMostBehind = 16;
  static constexpr std::chrono::seconds kRecent{2};

  // The line to be judged. `behind` is to stay readable until the next, with event::kPadding bytes after it.
  void note(const event::Access& access, std::string_view behind);
  // Ports of this address, as many as a look-up takes: of the line and those before it, newest first, then of
  // those behind it.
  std::vector<std::uint16_t> ports(const ip::Address& address);

 private:
  struct Entry {
    base::Time at{};
    ip::Address address{};
    std::uint16_t port = 0;
  };

  void look_behind();

  std::vector<Entry> before_{kMostBefore};  // a ring
  std::size_t newest_ = 0;
  std::vector<Entry> behind_;
  std::string_view unseen_;  // what behind_ does not have yet
  event::Decoder decoder_;
};

}  // namespace session_detect
