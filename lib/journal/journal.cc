// SPDX-License-Identifier: MIT
// Appending to the file in which bans are remembered.
#include "journal/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "journal/header.h"
#include "store/atomic_file.h"
#include "store/regular.h"

namespace xlimit::journal {
namespace {

// Below this rewriting is not worth the while; above, it comes when three quarters of the file are dead.
constexpr std::uint64_t kLeast = std::uint64_t{1024} * 1024;
constexpr std::uint64_t kGrowth = 4;
constexpr std::chrono::seconds kPatience{1};
constexpr int kRounds = 100;

bool lock_soon(int fd, int how) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (::flock(fd, how | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  return true;
}

// Lets go of a lock and keeps the file.
struct Unlock {
  ~Unlock() { ::flock(fd, LOCK_UN); }
  int fd;
};

}  // namespace

base::Result<void> Journal::open() {
  if (base::Result<void> made = make_folder(place_); !made) return made;
  base::Result<base::Fd> fd = store::open_or_make(place_.journal(), O_RDWR | O_APPEND);
  if (!fd) return base::failed(fd);
  alive_ = read_header(fd->get());
  fd_ = std::move(*fd);
  return {};
}

base::Result<void> Journal::lock(int how) {
  const std::string path = place_.journal();
  for (int round = 0; round < kRounds; ++round) {
    if (!fd_) {
      if (base::Result<void> opened = open(); !opened) return opened;
    }
    if (!lock_soon(fd_.get(), how)) return base::os_error("lock '" + path + "'");
    struct stat ours {
    }, named{};
    if (::fstat(fd_.get(), &ours) != 0) return base::os_error("read '" + path + "'");
    if (::stat(path.c_str(), &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev) {
      size_ = static_cast<std::uint64_t>(ours.st_size);
      return {};
    }
    fd_ = base::Fd{};
  }
  return base::fail(base::Exit::kTemporary, "open '" + path + "': it is replaced all the time");
}

base::Result<void> Journal::append(std::string_view lines) {
  if (base::Result<void> locked = lock(LOCK_SH); !locked) return locked;
  const Unlock unlock{fd_.get()};
  // Whoever was killed while it wrote has left half a line, which must not swallow the next.
  char last = '\n';
  if (size_ > 0 && ::pread(fd_.get(), &last, 1, static_cast<off_t>(size_ - 1)) == 1 && last != '\n')
    return write('\n' + std::string{lines});
  return write(lines);
}

base::Result<void> Journal::write(std::string_view lines) {
  ssize_t written = 0;
  do written = ::write(fd_.get(), lines.data(), lines.size());
  while (written < 0 && errno == EINTR);
  if (written < 0) return base::os_error("write '" + place_.journal() + "'");
  size_ += static_cast<std::uint64_t>(written);
  if (static_cast<std::size_t>(written) == lines.size()) return {};
  return base::os_error("write '" + place_.journal() + "'", ENOSPC);
}

base::Result<void> Journal::clear() {
  struct stat there {};
  if (::stat(place_.journal().c_str(), &there) != 0 && errno == ENOENT) return {};
  if (base::Result<void> locked = lock(LOCK_EX); !locked) return locked;
  const Unlock unlock{fd_.get()};
  return store::write_file(place_.journal(), "");
}

bool Journal::is_large() const { return size_ > std::max(kLeast, kGrowth * alive_); }

}  // namespace xlimit::journal
