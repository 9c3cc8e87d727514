// SPDX-License-Identifier: MIT
// The number by which rules refer to a set.
#include "sets/set_index.h"

#include <algorithm>

#include "base/fd.h"

#include <linux/netfilter/ipset/ip_set.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace xlimit::sets {

base::Result<std::optional<std::uint16_t>> set_index(const std::string& name) {
  const base::Fd fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!fd) return base::os_error("look up set '" + name + "'");
  ip_set_req_version version{.op = IP_SET_OP_VERSION, .version = 0};
  socklen_t size = sizeof version;
  if (::getsockopt(fd.get(), SOL_IP, SO_IP_SET, &version, &size) < 0)
    return base::os_error("look up set '" + name + "'");
  ip_set_req_get_set_family request{};
  request.op = IP_SET_OP_GET_FNAME;
  request.version = version.version;
  name.copy(request.set.name, sizeof request.set.name - 1);
  size = sizeof request;
  if (::getsockopt(fd.get(), SOL_IP, SO_IP_SET, &request, &size) < 0)
    return base::os_error("look up set '" + name + "'");
  if (request.set.index == IPSET_INVALID_ID) return std::nullopt;
  return request.set.index;
}

}  // namespace xlimit::sets
