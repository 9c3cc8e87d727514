// SPDX-License-Identifier: MIT
// write(2) into a regular file may stop in the middle when the process is killed, and does not tell anybody.
//
// A text is known by three numbers. [0, sent) of its `size` bytes are out. Its first byte stands at
// `position` of the file, or while none is out, behind it, because others may append first. So what of the
// rest is out stands at position + sent or behind it. At any instant that is true for whoever comes next:
//
//   commit        all three change in one store, when the text before is out.
//   write(2)      the kernel puts some of the rest at the end. Killed now: they are looked up.
//   set_position  position + sent is where these bytes begin. Killed now: they are looked up there.
//   advance       position + sent is where they end. Nothing is left to look up.
//   save          changes none, and takes place when the text is out only.
//   the next      commits the text from the beginning of the line that was torn, with the part of it that is
//                 out as `sent`, so that position + sent is where the file ends. Until its slate is published
//                 the old one is what counts, and as true as before; then it is like after advance.
//
// A torn line goes on only right behind its part: not when others wrote there, or the file was emptied. Then
// it comes whole, because two halves with something in between are no line, and a whole one is.
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

struct Found {
  std::size_t bytes = 0;
  std::uint64_t end = 0;  // behind them in the file
};

// What of `rest` went out, at `position` or later.
Found look_up(const Target& target, std::uint64_t position, std::string_view rest) {
  const std::string& path = target.path;
  struct stat status;
  const base::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (fd && ::fstat(fd.get(), &status) == 0 && is_target(status, target)) {
    const std::string region = read_from(fd.get(), position);
    const std::size_t bytes = went_out(region, rest);
    return {bytes, position + (bytes == 0 ? 0 : region.size())};
  }
  // A file that we may write to and not read: its size is all there is.
  if (fd || ::stat(path.c_str(), &status) != 0 || !is_target(status, target)) return {0, position};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::size_t bytes = std::min<std::uint64_t>(rest.size(), size - std::min(size, position));
  return {bytes, position + bytes};
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

std::size_t count_sent(const Remains& remains, const Target& now, std::uint64_t position) {
  std::size_t sent = remains.sent;
  if (sent == remains.text.size()) return sent;
  const bool same = remains.target.same_file(now);
  std::uint64_t end = position;
  if (remains.target.regular) {
    const Found found = look_up(same ? now : remains.target, remains.position + sent,
                                std::string_view{remains.text}.substr(sent));
    sent += found.bytes;
    end = found.end;
  }
  return same && end == position ? sent : line_start(remains.text, sent);
}

}  // namespace xlimit::outbox
