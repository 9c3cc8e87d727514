// SPDX-License-Identifier: MIT
// The number by which rules refer to a set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace xlimit::sets {

// Asks the kernel through getsockopt(SO_IP_SET), as the iptables set match does
// (linux/netfilter/ipset/ip_set.h). Absent when there is no set of that name. Needs CAP_NET_ADMIN.
base::Result<std::optional<std::uint16_t>> set_index(const std::string& name);

}  // namespace xlimit::sets
