// SPDX-License-Identifier: MIT
// Names decide who is a sibling; the time of the last write decides the order, because rotation renames and
// leaves it alone.
#include "follow/siblings.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/path.h"

namespace xlimit::follow {
namespace {

using std::string_view;

constexpr std::array<string_view, 6> kCompressed{".gz", ".xz", ".zst", ".bz2", ".lz4", ".Z"};

string_view without_compression(string_view name) {
  for (const string_view ending : kCompressed) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

// ".1", "-20260601", "_2026-06-01", ".2026-06-01T00.00": a mark and a digit, then nothing that is no part of
// a date or count; "old" and "prev" by hand.
bool is_rotation_mark(string_view text) {
  if (text == ".old" || text == ".prev") return true;
  if (text.size() < 2 || string_view{".-_"}.find(text[0]) == string_view::npos) return false;
  return text[1] >= '0' && text[1] <= '9' &&
         text.find_first_not_of("0123456789.-_T:Z", 1) == string_view::npos;
}

Sibling describe(const std::string& path, const struct stat& status, string_view name) {
  Sibling sibling;
  sibling.path = path;
  sibling.identity.device = status.st_dev;
  sibling.identity.inode = status.st_ino;
  sibling.written =
      std::chrono::seconds{status.st_mtim.tv_sec} + std::chrono::nanoseconds{status.st_mtim.tv_nsec};
  sibling.size = static_cast<std::uint64_t>(status.st_size);
  sibling.compressed = without_compression(name).size() != name.size();
  return sibling;
}

}  // namespace

bool is_rotated_name(string_view log, string_view name) {
  name = without_compression(name);
  if (log == "current") return name.size() > 20 && name[0] == '@';
  if (name.size() > log.size() && name.starts_with(log)) return is_rotation_mark(name.substr(log.size()));
  const std::size_t dot = log.rfind('.');
  if (dot == string_view::npos || dot == 0) return false;
  const string_view stem = log.substr(0, dot), ending = log.substr(dot);
  return name.size() > log.size() && name.starts_with(stem) && name.ends_with(ending) &&
         is_rotation_mark(name.substr(stem.size(), name.size() - log.size()));
}

bool looks_rotated(string_view name) {
  const string_view plain = without_compression(name);
  const std::size_t log = plain.find(".log");
  return plain.size() != name.size() || (log != string_view::npos && is_rotation_mark(plain.substr(log + 4)));
}

namespace {

std::vector<Sibling> scan(const std::filesystem::path& folder, const std::string& own) {
  std::vector<Sibling> found;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry{folder, ignored}, end; entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    struct stat status;
    if (!is_rotated_name(own, name) || ::lstat(entry->path().c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode))
      continue;
    found.push_back(describe(entry->path().string(), status, name));
  }
  std::sort(found.begin(), found.end(), [](const Sibling& a, const Sibling& b) {
    return a.written != b.written ? a.written < b.written : a.path > b.path;
  });
  return found;
}

bool same_files(const std::vector<Sibling>& a, const std::vector<Sibling>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Sibling& one, const Sibling& other) {
    return one.path == other.path && one.identity.same_inode(other.identity);
  });
}

}  // namespace

// Names that move while a folder is read may be missed, so it is read until it says the same twice.
std::vector<Sibling> find_siblings(const std::string& log) {
  const std::filesystem::path path{log};
  const std::string own = path.filename().string();
  const std::filesystem::path folder = base::folder_of(path.string());
  std::vector<Sibling> found = scan(folder, own);
  for (int tries = 0; tries < 20; ++tries) {
    std::vector<Sibling> again = scan(folder, own);
    if (same_files(found, again)) return again;
    found = std::move(again);
  }
  return found;
}

base::Result<LogFile> open_sibling(const std::string& log, const Sibling& sibling) {
  base::Result<LogFile> file = LogFile::open(sibling.path);
  for (int tries = 0; tries < 20; ++tries) {
    const bool refused = !file && file.error().code != base::Exit::kUnavailable;
    if (refused || (file && file->identity().same_inode(sibling.identity))) return file;
    const std::vector<Sibling> now = find_siblings(log);
    const auto moved = std::find_if(now.begin(), now.end(), [&](const Sibling& other) {
      return other.identity.same_inode(sibling.identity);
    });
    if (moved == now.end()) return base::os_error("open '" + sibling.path + "'", ENOENT);
    file = LogFile::open(moved->path);
  }
  return base::os_error("open '" + sibling.path + "'", ENOENT);
}

}  // namespace xlimit::follow
