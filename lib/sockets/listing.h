// SPDX-License-Identifier: MIT
// Pure: connections as people and programs want to read them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sockets/connection.h"

namespace xlimit::sockets {

enum class Form : std::uint8_t {
  table,  // columns with a heading; nothing when there is no connection
  json,  // one object a line: {"type":"socket","protocol":"tcp","state":...,"local":...,"local_port":...,...}
  plain,  // "tcp established 192.0.2.1:443 203.0.113.7:51234"
};

std::string format_connections(std::span<const Connection> connections, Form form);

}  // namespace xlimit::sockets
