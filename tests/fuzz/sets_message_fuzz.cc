// SPDX-License-Identifier: MIT
// Whatever bytes come in a netlink message about sets, chains and rules: read without leaving them.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "sets/admin.h"
#include "sets/nft_message.h"
#include "sets/rule_message.h"
#include "sets/set_message.h"

using namespace xlimit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)sets::parse_description({reinterpret_cast<const char*>(data), size});
  if (size < sizeof(nlmsghdr)) return 0;
  // Exactly as long as the message says, so that a sanitizer sees one byte too far; read as every type.
  std::vector<std::uint8_t> bytes(data, data + size);
  auto* message = reinterpret_cast<nlmsghdr*>(bytes.data());
  message->nlmsg_len = static_cast<std::uint32_t>(size);
  sets::read_entries(*message, [](const sets::Entry& entry) {
    if (entry.target.length() > entry.target.address().bits()) __builtin_trap();
  });
  for (const unsigned command : {0U, 3U, 6U, 15U}) {  // NFT_MSG_NEWTABLE, NEWCHAIN, NEWRULE, NEWGEN
    message->nlmsg_type = static_cast<std::uint16_t>(10 << 8 | command);
    (void)sets::read_chain(*message);
    (void)sets::read_rule(*message);
    (void)sets::read_generation(*message);
    (void)sets::read_dormant(*message);
    (void)sets::is_harm_in(*message, "xlimit");
  }
  for (const unsigned command : {9U, 12U}) {  // NFT_MSG_NEWSET, NEWSETELEM
    message->nlmsg_type = static_cast<std::uint16_t>(10 << 8 | command);
    (void)sets::read_set(*message);
    sets::read_elements(*message, [](const sets::SeenElement& element) {
      const std::optional<ip::Address> end = sets::behind(ip::Prefix{element.key});
      if (sets::prefix_between(element.key, end) != ip::Prefix{element.key}) __builtin_trap();
    });
  }
  return 0;
}
