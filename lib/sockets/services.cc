// SPDX-License-Identifier: MIT
// Asks libc for a service.
#include "sockets/services.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <string>

namespace xlimit::sockets {

std::optional<std::uint16_t> find_service(std::string_view name) {
  const servent* service = ::getservbyname(std::string{name}.c_str(), "tcp");
  if (service == nullptr) return {};
  return ntohs(static_cast<std::uint16_t>(service->s_port));
}

}  // namespace xlimit::sockets
