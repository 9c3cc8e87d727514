// SPDX-License-Identifier: MIT
// The ports that an installation's rules are limited to: one a line.
#include "journal/ports.h"

#include <unistd.h>

#include "base/number.h"
#include "store/atomic_file.h"
#include "stream/file.h"

namespace xlimit::journal {
namespace {

constexpr std::size_t kLargest = 4096;

std::string path_of(const Place& place, event::Direction direction) {
  return place.path(direction == event::Direction::in ? "in.ports" : "out.ports");
}

}  // namespace

base::Result<void> keep_ports(const Place& place, event::Direction direction,
                              std::span<const std::uint16_t> ports) {
  const std::string path = path_of(place, direction);
  if (ports.empty()) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
    return base::os_error("remove '" + path + "'");
  }
  if (base::Result<void> made = make_folder(place); !made) return made;
  std::string text;
  for (const std::uint16_t port : ports) text += std::to_string(port) + '\n';
  return store::write_file(path, text);
}

base::Result<std::vector<std::uint16_t>> kept_ports(const Place& place, event::Direction direction) {
  const std::string path = path_of(place, direction);
  std::vector<std::uint16_t> ports;
  if (::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) return ports;
  base::Result<std::string> text = stream::read_file(path, kLargest);
  if (!text) return base::failed(text);
  for (std::string_view left{*text}; !left.empty();) {
    const std::size_t end = left.find('\n');
    base::Result<std::uint16_t> port = base::parse_number<std::uint16_t>(left.substr(0, end));
    if (!port || *port == 0)
      return base::fail(base::Exit::kData, "'" + path + "' holds something that is not a port");
    ports.push_back(*port);
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
  }
  return ports;
}

}  // namespace xlimit::journal
