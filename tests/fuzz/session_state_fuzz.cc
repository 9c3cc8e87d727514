// SPDX-License-Identifier: MIT
// Any bytes as a state: refused, or a detector that judges on and whose own state can be restored.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "session/detector.h"

namespace {

using namespace xlimit;

session::Policy policy() {
  session::Policy policy;
  policy.max_users = 8;
  policy.shared_limit = 2;
  policy.torrent_rate = {.hosts = 2, .within = std::chrono::seconds{60}};
  return policy;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  session::Detector detector{policy(), {}, {}};
  if (!detector.restore({reinterpret_cast<const char*>(data), size})) return 0;
  event::Access access;
  access.at = *base::parse_time("2026-06-01T12:00:30Z");
  access.user = "ann";
  access.host = "192.0.2.9";
  access.dport = 6881;
  for (std::uint32_t last = 1; last < 4; ++last) {
    access.ip = ip::Address::v4(0xcb007100U + last);
    detector.feed(access);
  }
  if (detector.users() > policy().max_users) std::abort();
  std::string text;
  detector.save([&](std::string_view line) { text += line; });
  session::Detector again{policy(), {}, {}};
  if (!again.restore(text) || again.users() != detector.users()) std::abort();
  return 0;
}
