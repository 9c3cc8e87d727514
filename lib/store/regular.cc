// SPDX-License-Identifier: MIT
// O_NOFOLLOW, and fstat(2) on what was opened.
#include "store/regular.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

namespace xlimit::store {
namespace {

using base::Fd;
using base::Result;

constexpr int kRounds = 100;

Result<void> check_kind(mode_t mode, const std::string& what) {
  const char* kind = "something else";
  switch (mode & S_IFMT) {
    case S_IFREG: return {};
    case S_IFDIR: return base::os_error(what, EISDIR);
    case S_IFLNK: kind = "a symbolic link"; break;
    case S_IFIFO: kind = "a pipe"; break;
    case S_IFSOCK: kind = "a socket"; break;
    case S_IFCHR:
    case S_IFBLK: kind = "a device"; break;
  }
  return base::fail(base::Exit::kUnavailable, what + ": " + kind + ", not a regular file");
}

// With O_EXCL a link is something that is there.
Fd make(const std::string& path, int flags) {
  Fd fd{::open(path.c_str(), flags | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (fd) give_away(fd, path);
  return fd;
}

}  // namespace

Result<void> check_replaceable(const std::string& path, const std::string& what) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};  // what else is wrong shows at the writing
  return check_kind(status.st_mode, what);
}

Result<Fd> open_regular(const std::string& path, int flags) {
  const std::string what = "open '" + path + "'";
  // A pipe must not keep us waiting.
  Fd fd{::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (!fd && errno == ENOENT) return fd;
  if (!fd) {
    const int failure = errno;
    if (Result<void> good = check_replaceable(path, what); !good) return base::failed(good);
    return base::os_error(what, failure);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return base::os_error(what);
  if (Result<void> good = check_kind(status.st_mode, what); !good) return base::failed(good);
  if (status.st_nlink > 1)
    return base::fail(base::Exit::kUnavailable, what + ": a hard link, the file has other names");
  return fd;
}

Result<Fd> make_regular(const std::string& path, int flags) {
  Fd fd = make(path, flags);
  return fd ? Result<Fd>{std::move(fd)} : base::os_error("open '" + path + "'");
}

Result<Fd> open_or_make(const std::string& path, int flags) {
  for (int round = 0; round < kRounds; ++round) {
    Result<Fd> there = open_regular(path, flags);
    if (!there || *there) return there;
    Fd made = make(path, flags);
    if (made) return made;
    // Somebody may have been faster.
    if (errno != EEXIST) return base::os_error("open '" + path + "'");
  }
  return base::fail(base::Exit::kTemporary, "open '" + path + "': it comes and goes all the time");
}

void give_away(const Fd& fd, const std::string& path) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(base::folder_of(path).c_str(), &folder) != 0 || folder.st_uid == 0) return;
  // Where it can't be, in a sandbox for instance, it stays ours.
  [[maybe_unused]] const int given = ::fchown(fd.get(), folder.st_uid, folder.st_gid);
}

}  // namespace xlimit::store
