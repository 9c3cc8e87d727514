// SPDX-License-Identifier: MIT
// Where one installation remembers what it did.
#include "journal/place.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"

namespace xlimit::journal {
namespace {

bool make(const std::string& folder, mode_t mode) {
  if (::mkdir(folder.c_str(), mode) == 0 || errno == EEXIST) return true;
  const std::string above = base::folder_of(folder);
  if (errno != ENOENT || above == folder || above == "/" || above == ".") return false;
  // Other programs may have folders there that belong to other users.
  return make(above, 0755) && (::mkdir(folder.c_str(), mode) == 0 || errno == EEXIST);
}

// 0 when it can't be told.
pid_t parent_of(pid_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/stat"};
  std::string text;
  std::getline(file, text);
  // The name in parentheses may hold anything, so what follows is found from its end.
  const std::size_t behind = text.rfind(") ");
  pid_t parent = 0;
  if (behind == std::string::npos || behind + 4 >= text.size()) return 0;
  std::from_chars(text.data() + behind + 4, text.data() + text.size(), parent);
  return parent;
}

// Of the oldest of our ancestors that may be looked at: the first process may often not, and whoever enters
// another network namespace was begun in the host's.
ino_t hosts_namespace() {
  ino_t found = 0;
  for (pid_t process = ::getpid(); process > 0; process = parent_of(process)) {
    struct stat status {};
    const std::string path = "/proc/" + std::to_string(process) + "/ns/net";
    if (::stat(path.c_str(), &status) == 0) found = status.st_ino;
  }
  return found;
}

// A number that no other network namespace gets before the next boot (Linux 5.14); its inode is soon given
// again.
std::uint64_t cookie_of_ours(ino_t otherwise) {
  const base::Fd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? cookie : otherwise;
}

// Other namespaces than the host's end with the boot, and their numbers begin anew.
void clear_away_former(const std::string& folder, const std::string& prefix) {
  namespace fs = std::filesystem;
  std::error_code error;
  const base::Time boot = base::now() - base::since_boot();
  for (const fs::directory_entry& entry : fs::directory_iterator{folder, error}) {
    struct stat status {};
    const std::string path = entry.path().string();
    if (!entry.path().filename().string().starts_with(prefix + '@') || ::stat(path.c_str(), &status) != 0)
      continue;
    if (base::Time{std::chrono::seconds{status.st_mtime}} < boot) fs::remove(entry.path(), error);
  }
}

}  // namespace

Place shared_place(const std::string& folder, const std::string& prefix) {
  struct stat ours {};
  if (::stat("/proc/self/ns/net", &ours) != 0 || ours.st_ino == hosts_namespace()) return {folder, prefix};
  clear_away_former(folder, prefix);
  return {folder, prefix + '@' + std::to_string(cookie_of_ours(ours.st_ino))};
}

base::Result<void> make_folder(const Place& place) {
  if (make(place.folder, 0750)) return {};
  return base::os_error("make folder '" + place.folder + "'");
}

}  // namespace xlimit::journal
