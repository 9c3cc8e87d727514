// SPDX-License-Identifier: MIT
// Where one installation remembers what it did.
#include "journal/place.h"

#include <sys/stat.h>

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

}  // namespace

Place find_place(const std::string& folder, const std::string& prefix) {
  struct stat ours {
  }, hosts{};
  if (::stat("/proc/self/ns/net", &ours) != 0 || ::stat("/proc/1/ns/net", &hosts) != 0 ||
      ours.st_ino == hosts.st_ino)
    return {folder, prefix};
  return {folder, prefix + '@' + std::to_string(ours.st_ino)};
}

base::Result<void> make_folder(const Place& place) {
  if (make(place.folder, 0750)) return {};
  return base::os_error("make folder '" + place.folder + "'");
}

}  // namespace xlimit::journal
