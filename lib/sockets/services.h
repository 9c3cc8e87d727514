// SPDX-License-Identifier: MIT
// Names of ports, as /etc/services has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xlimit::sockets {

// The TCP port of a service name, for parse_filter(). Absent when the name is unknown.
std::optional<std::uint16_t> find_service(std::string_view name);

}  // namespace xlimit::sockets
