// SPDX-License-Identifier: MIT
// write(2) into a regular file may stop in the middle when the process is killed, and does not tell anybody.
#include "outbox/unsent.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/fd.h"

namespace xlimit::outbox {
namespace {

// Others that append to the same file may have written so much meanwhile.
constexpr std::size_t kRegion = 16 * 1024 * 1024;

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end.first - a.begin());
}

std::string read_from(int fd, std::uint64_t position) {
  std::string region(kRegion, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < region.size();
       size += static_cast<std::size_t>(std::max<ssize_t>(got, 0)))
    got = ::pread(fd, region.data() + size, region.size() - size, static_cast<off_t>(position + size));
  region.resize(size);
  return region;
}

bool is_target(const struct stat& status, const Target& target) {
  return status.st_dev == target.device && status.st_ino == target.inode;
}

std::size_t look_up(const Remains& remains, std::string_view text) {
  const std::string& path = remains.target.path;
  struct stat status;
  const base::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (fd && ::fstat(fd.get(), &status) == 0 && is_target(status, remains.target))
    return went_out(read_from(fd.get(), remains.position), text);
  // A file that we may write to and not read: its size is all there is.
  if (fd || ::stat(path.c_str(), &status) != 0 || !is_target(status, remains.target)) return 0;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  return std::min<std::size_t>(text.size(), size - std::min(size, remains.position));
}

}  // namespace

std::size_t line_start(std::string_view text, std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

Target describe_target(int fd) {
  Target target;
  struct stat status;
  if (::fstat(fd, &status) != 0) return target;
  target.regular = S_ISREG(status.st_mode);
  target.device = status.st_dev;
  target.inode = status.st_ino;
  std::array<char, PATH_MAX> path;
  const ssize_t length =
      ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  if (length > 0) target.path.assign(path.data(), static_cast<std::size_t>(length));
  return target;
}

std::size_t went_out(std::string_view region, std::string_view text) {
  const std::size_t first_line = std::min(text.find('\n'), text.size() - 1) + 1;
  for (std::size_t at = 0; at < region.size();) {
    const std::size_t same = common_prefix(region.substr(at), text);
    const bool at_end = at + same == region.size();
    if (same >= first_line || (same > 0 && at_end)) return at_end ? same : line_start(text, same);
    const std::size_t newline = region.find('\n', at);
    if (newline == std::string_view::npos) return 0;
    at = newline + 1;
  }
  return 0;
}

std::string unsent(const Remains& remains, const Target& now) {
  std::size_t sent = remains.sent;
  if (sent == remains.text.size()) return {};
  if (remains.target.regular) sent += look_up(remains, std::string_view{remains.text}.substr(sent));
  if (!remains.target.same_file(now)) sent = line_start(remains.text, sent);
  return remains.text.substr(sent);
}

}  // namespace xlimit::outbox
