// SPDX-License-Identifier: MIT
// Appending to the file in which bans are remembered.
#include "journal/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "journal/header.h"
#include "journal/lock.h"
#include "store/atomic_file.h"
#include "store/regular.h"

namespace xlimit::journal {
namespace {

// Below this rewriting is not worth the while; above, it comes when three quarters of the file are dead.
constexpr std::uint64_t kLeast = std::uint64_t{1024} * 1024;
constexpr std::uint64_t kGrowth = 4;
constexpr int kRounds = 100;

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

base::Result<void> Journal::take_lock(int how, std::chrono::milliseconds patience) {
  const std::string path = place_.journal();
  for (int round = 0; round < kRounds; ++round) {
    if (!fd_) {
      if (base::Result<void> opened = open(); !opened) return opened;
    }
    if (base::Result<void> locked = lock(fd_.get(), how, path, patience); !locked) return locked;
    if (is_named(fd_.get(), path)) {
      size_ = static_cast<std::uint64_t>(std::max<off_t>(::lseek(fd_.get(), 0, SEEK_END), 0));
      return {};
    }
    fd_ = base::Fd{};
  }
  return base::fail(base::Exit::kTemporary, "open '" + path + "': it is replaced all the time");
}

base::Result<void> Journal::append(std::string_view lines, std::chrono::milliseconds patience) {
  if (base::Result<void> locked = take_lock(LOCK_SH, patience); !locked) return locked;
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

base::Result<void> Journal::clear(std::chrono::milliseconds patience) {
  struct stat there {};
  if (::stat(place_.journal().c_str(), &there) != 0 && errno == ENOENT) return {};
  if (base::Result<void> locked = take_lock(LOCK_EX, patience); !locked) return locked;
  const Unlock unlock{fd_.get()};
  return store::write_file(place_.journal(), "");
}

bool Journal::is_large() const { return size_ > std::max(kLeast, kGrowth * alive_); }

}  // namespace xlimit::journal
