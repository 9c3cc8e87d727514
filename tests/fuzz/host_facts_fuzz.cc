// SPDX-License-Identifier: MIT
// Whatever bytes come in an rtnetlink message: read without leaving them.
#include <linux/rtnetlink.h>

#include <cstdint>
#include <vector>

#include "host/facts.h"

using namespace xlimit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < sizeof(nlmsghdr)) return 0;
  std::vector<std::uint8_t> bytes(data, data + size);
  auto* message = reinterpret_cast<nlmsghdr*>(bytes.data());
  message->nlmsg_len = static_cast<std::uint32_t>(size);
  for (const std::uint16_t type : {RTM_NEWADDR, RTM_NEWROUTE}) {
    message->nlmsg_type = type;
    host::Facts facts;
    host::collect(*message, facts);
    (void)host::matters(*message);
  }
  return 0;
}
