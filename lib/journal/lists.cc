// SPDX-License-Identifier: MIT
// Named lists as they were loaded, one file each.
#include "journal/lists.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "feed/parse.h"
#include "store/atomic_file.h"
#include "stream/file.h"

namespace xlimit::journal {
namespace {

constexpr std::size_t kLargest = std::size_t{512} * 1024 * 1024;
constexpr std::array kDirections{event::Direction::in, event::Direction::out};

const char* ending(event::Direction direction) {
  return direction == event::Direction::in ? ".in.list" : ".out.list";
}

std::string path_of(const Place& place, const KeptList& list) {
  return place.path(list.name + ending(list.direction));
}

// What a file of them holds, in pieces, until `take` says no.
bool each_piece(std::span<const ip::Prefix> prefixes, const std::function<bool(std::string_view)>& take) {
  std::array<char, 65536> piece{};
  char* end = piece.data();
  for (const ip::Prefix& prefix : prefixes) {
    end = ip::format_prefix(prefix, end);
    *end++ = '\n';
    if (piece.data() + piece.size() - end > static_cast<std::ptrdiff_t>(ip::kPrefixLength)) continue;
    if (!take({piece.data(), end})) return false;
    end = piece.data();
  }
  return take({piece.data(), end});
}

bool holds(const std::string& path, std::span<const ip::Prefix> prefixes) {
  const base::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return false;
  std::array<char, 65536> buffer{};
  const bool same = each_piece(prefixes, [&](std::string_view text) {
    const ssize_t got = ::read(fd.get(), buffer.data(), text.size());
    return got >= 0 && std::string_view{buffer.data(), static_cast<std::size_t>(got)} == text;
  });
  return same && ::read(fd.get(), buffer.data(), 1) == 0;
}

}  // namespace

base::Result<void> keep_list(const Place& place, const KeptList& list, std::span<const ip::Prefix> prefixes) {
  const std::string path = path_of(place, list);
  if (holds(path, prefixes)) return {};
  if (base::Result<void> made = make_folder(place); !made) return made;
  base::Result<store::AtomicFile> file = store::AtomicFile::create(path);
  if (!file) return base::failed(file);
  base::Result<void> written;
  each_piece(prefixes, [&](std::string_view text) {
    written = file->write(text);
    return written.has_value();
  });
  return written ? file->commit() : written;
}

KeptFamilies kept_families(const Place& place, const KeptList& list) {
  const base::Fd fd{::open(path_of(place, list).c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 2 * ip::kPrefixLength> line{};
  const auto is_v6 = [&](off_t from, bool last) {
    const ssize_t got = ::pread(fd.get(), line.data(), line.size(), from);
    std::string_view text{line.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    if (last && text.ends_with('\n')) text.remove_suffix(1);
    text = last ? text.substr(text.rfind('\n') + 1) : text.substr(0, text.find('\n'));
    return text.find(':') != std::string_view::npos;
  };
  const off_t size = fd ? ::lseek(fd.get(), 0, SEEK_END) : 0;
  if (size <= 0) return {};
  // IPv4 comes first.
  return {.v4 = !is_v6(0, false),
          .v6 = is_v6(std::max<off_t>(0, size - static_cast<off_t>(line.size())), true)};
}

base::Result<void> forget_list(const Place& place, const KeptList& list) {
  const std::string path = path_of(place, list);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return base::os_error("remove '" + path + "'");
}

base::Result<std::vector<KeptList>> kept_lists(const Place& place) {
  std::vector<KeptList> lists;
  std::error_code error;
  const std::filesystem::directory_iterator folder{place.folder, error};
  if (error == std::errc::no_such_file_or_directory) return lists;
  if (error) return base::os_error("read folder '" + place.folder + "'", error.value());
  const std::string before = place.stem + '.';
  for (const std::filesystem::directory_entry& entry : folder) {
    const std::string file = entry.path().filename().string();
    for (const event::Direction direction : kDirections) {
      const std::string_view after = ending(direction);
      if (!file.starts_with(before) || !file.ends_with(after) || file.size() <= before.size() + after.size())
        continue;
      lists.push_back({file.substr(before.size(), file.size() - before.size() - after.size()), direction});
    }
  }
  std::ranges::sort(lists);
  return lists;
}

base::Result<std::vector<ip::Prefix>> read_list(const Place& place, const KeptList& list) {
  const std::string path = path_of(place, list);
  base::Result<std::string> text = stream::read_file(path, kLargest);
  if (!text) return base::failed(text);
  feed::Parsed parsed = feed::parse(*text);
  if (parsed.invalid > 0)
    return base::fail(base::Exit::kData, "read '" + path + "': '" + parsed.sample + "' is no prefix");
  parsed.ranges.unite();
  return parsed.ranges.prefixes();
}

}  // namespace xlimit::journal
