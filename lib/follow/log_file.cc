// SPDX-License-Identifier: MIT
// Positions are counted here, not asked of the kernel: a truncation leaves the descriptor's own behind the
// end.
#include "follow/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace xlimit::follow {
namespace {

base::Result<void> require_regular(const std::string& path, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode)) return base::os_error("open '" + path + "'", EISDIR);
  return base::fail(base::Exit::kUsage, "open '" + path + "': neither a file nor a pipe");
}

}  // namespace

bool begins_with(int fd, const std::string& head) {
  std::array<char, Identity::kHead> now;
  const std::size_t length = std::min(head.size(), now.size());
  const ssize_t got = ::pread(fd, now.data(), length, 0);
  return got == static_cast<ssize_t>(length) && std::memcmp(now.data(), head.data(), length) == 0;
}

base::Result<LogFile> LogFile::open(const std::string& path) {
  LogFile file{base::Fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)}, path};
  if (!file.fd_) return base::os_error("open '" + path + "'");
  struct stat status;
  if (::fstat(file.fd(), &status) != 0) return base::os_error("stat '" + path + "'");
  if (base::Result<void> regular = require_regular(path, status); !regular) return base::failed(regular);
  file.identity_.device = status.st_dev;
  file.identity_.inode = status.st_ino;
  file.look();
  file.extend_head();
  return file;
}

void LogFile::seek(std::uint64_t offset) {
  lines_.finish([](const stream::Piece&) {});
  position_ = offset_ = offset;
  ::lseek(fd(), static_cast<off_t>(offset), SEEK_SET);
}

void LogFile::seek_end() {
  std::array<char, stream::kMaxInput> tail;
  const std::uint64_t start = size_ > tail.size() ? size_ - tail.size() : 0;
  const ssize_t got =
      ::pread(fd(), tail.data(), static_cast<std::size_t>(size_ - start), static_cast<off_t>(start));
  const std::string_view text{tail.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
  const std::size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) return seek(start + newline + 1);
  seek(start == 0 ? 0 : size_);
}

void LogFile::look() {
  struct stat status;
  if (::fstat(fd(), &status) != 0) return;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > size_) grown_ = std::chrono::steady_clock::now();
  size_ = size;
  written_ = std::int64_t{status.st_mtim.tv_sec} * 1000000000 + status.st_mtim.tv_nsec;
}

void LogFile::extend_head() {
  if (identity_.head.size() == Identity::kHead) return;
  std::array<char, Identity::kHead> now;
  const ssize_t got = ::pread(fd(), now.data(), now.size(), 0);
  if (got > 0) identity_.head.assign(now.data(), static_cast<std::size_t>(got));
}

std::optional<LogFile::Cut> LogFile::check() {
  const std::uint64_t before = size_;
  look();
  const bool same = size_ >= position_ && size_ >= identity_.head.size() && begins_with(fd(), identity_.head);
  if (same) {
    extend_head();
    return {};
  }
  const Cut cut{identity_, offset_, std::max(before, position_) - offset_};
  seek(0);
  identity_.head.clear();
  grown_ = std::chrono::steady_clock::now();
  extend_head();
  return cut;
}

base::Result<stream::ReadState> LogFile::read(const std::function<void(const stream::Piece&)>& on_piece) {
  if (position_ >= size_) return stream::ReadState::drained;
  base::Result<stream::ReadState> state = lines_.read(fd(), on_piece);
  if (!state) return state;
  if (*state == stream::ReadState::ended) {  // cut short between check() and here
    seek(offset_);
    return stream::ReadState::drained;
  }
  position_ = static_cast<std::uint64_t>(::lseek(fd(), 0, SEEK_CUR));
  size_ = std::max(size_, position_);
  if (!lines_.inside()) offset_ = position_ - lines_.pending();
  return state;
}

}  // namespace xlimit::follow
