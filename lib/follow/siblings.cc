// SPDX-License-Identifier: MIT
// Names decide who is a sibling, and rarely who is older.
#include "follow/siblings.h"

#include <dirent.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/path.h"
#include "follow/unpack.h"

namespace xlimit::follow {
namespace {

using std::string_view;

// ".1", "-20260601", "_2026-06-01", ".2026-06-01T00.00": a mark and a digit, then nothing that is no part of
// a date or count; "old" and "prev" by hand.
bool is_rotation_mark(string_view text) {
  if (text == ".old" || text == ".prev") return true;
  if (text.size() < 2 || string_view{".-_"}.find(text[0]) == string_view::npos) return false;
  return text[1] >= '0' && text[1] <= '9' &&
         text.find_first_not_of("0123456789.-_T:Z", 1) == string_view::npos;
}

// The number in "access.log.3", where a larger one is older. Dates are longer.
std::optional<unsigned> generation(string_view path) {
  path = without_compression(path);
  const std::size_t dot = path.find_last_not_of("0123456789");
  const string_view digits = path.substr(std::min(dot + 1, path.size()));
  if (digits.empty() || digits.size() > 5 || dot == string_view::npos || path[dot] != '.') return {};
  unsigned number = 0;
  for (const char digit : digits) number = number * 10 + static_cast<unsigned>(digit - '0');
  return number;
}

bool is_older_by_name(const Sibling& a, const Sibling& b) {
  const std::optional<unsigned> one = generation(a.path), other = generation(b.path);
  if (one && other && one != other) return *one > *other;
  if (one.has_value() != other.has_value()) return one.has_value();
  return a.path != b.path ? a.path < b.path : a.facts.file.inode < b.facts.file.inode;
}

}  // namespace

bool is_rotated_name(string_view log, string_view name) {
  name = without_compression(name);
  if (log == "current") return name == "previous" || (name.size() > 20 && name[0] == '@');
  if (name.size() > log.size() && name.starts_with(log)) return is_rotation_mark(name.substr(log.size()));
  const std::size_t dot = log.rfind('.');
  if (dot == string_view::npos || dot == 0) return false;
  const string_view stem = log.substr(0, dot), ending = log.substr(dot);
  return name.size() > log.size() && name.starts_with(stem) && name.ends_with(ending) &&
         is_rotation_mark(name.substr(stem.size(), name.size() - log.size()));
}

// Where births are not told, copying and compressing are given two minutes.
bool is_too_old(const Sibling& packed, std::int64_t written) {
  constexpr std::int64_t kSecond = 1000000000;
  const Facts& facts = packed.facts;
  const std::int64_t born = facts.file.birth != 0 ? facts.file.birth : facts.written + 120 * kSecond;
  return packed.compressed && std::max(facts.written, born) < written - written % kSecond;
}

bool looks_rotated(string_view name) {
  const string_view plain = without_compression(name);
  const std::size_t log = plain.find(".log");
  return plain.size() != name.size() || (log != string_view::npos && is_rotation_mark(plain.substr(log + 4)));
}

namespace {

// Their births cannot be compared, so both must say so: the names and the last writes.
bool is_earlier(const Sibling& plain, const Sibling& packed) {
  return is_older_by_name(plain, packed) && plain.facts.written < packed.facts.written;
}

// Moves plain files, which stand behind the compressed ones, before those that are later.
void put_earlier_first(std::vector<Sibling>& siblings) {
  auto plain =
      std::find_if(siblings.begin(), siblings.end(), [](const Sibling& one) { return !one.compressed; });
  for (auto packed = siblings.begin(); packed != plain; ++packed) {
    const auto last = std::find_if(siblings.rbegin(), std::make_reverse_iterator(plain),
                                   [&](const Sibling& one) { return is_earlier(one, *packed); });
    const auto end = last.base();
    if (last == std::make_reverse_iterator(plain)) continue;
    const auto moved = end - plain;
    std::rotate(packed, plain, end);
    packed += moved;
    plain += moved;
  }
}

}  // namespace

void sort_by_age(std::vector<Sibling>& siblings) {
  const bool births = std::all_of(siblings.begin(), siblings.end(), [](const Sibling& one) {
    return one.compressed || one.facts.file.birth != 0;
  });
  const auto age = [&](const Sibling& one) { return births ? one.age() : one.facts.written; };
  std::sort(siblings.begin(), siblings.end(), [&](const Sibling& a, const Sibling& b) {
    if (a.compressed != b.compressed) return a.compressed;
    return age(a) != age(b) ? age(a) < age(b) : is_older_by_name(a, b);
  });
  put_earlier_first(siblings);
}

namespace {

namespace fs = std::filesystem;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// Paths and inodes, as the folders list them.
using Listing = std::vector<std::pair<std::string, ino_t>>;

void list(const fs::path& log, Listing& found) {
  const std::string own = log.filename().string(), path = base::folder_of(log.string());
  const std::unique_ptr<DIR, CloseFolder> folder{::opendir(path.c_str())};
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    if (is_rotated_name(own, entry->d_name))
      found.emplace_back((fs::path{path} / entry->d_name).string(), entry->d_ino);
  }
}

Listing list(const std::vector<fs::path>& logs) {
  Listing found;
  for (const fs::path& log : logs) list(log, found);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// What is just being compressed is there twice; but a name may also have been left to an older file.
std::vector<Sibling> describe(const Listing& listing) {
  std::vector<Sibling> found;
  for (const auto& [path, inode] : listing) {
    const base::Result<Facts> facts = look_at(path, Link::show);
    const string_view plain = without_compression(path);
    const bool compressed = plain.size() != path.size();
    const bool beside = compressed && std::any_of(listing.begin(), listing.end(),
                                                  [&](const auto& one) { return one.first == plain; });
    const bool twice = beside && (!is_gzip(path) || may_hold(path, std::string{plain}));
    if (facts && facts->regular && !twice) found.push_back({path, *facts, compressed});
  }
  sort_by_age(found);
  return found;
}

// The logs', and those of the files that symbolic links lead to.
std::vector<fs::path> names_of(const Logs& logs) {
  std::vector<fs::path> names;
  for (const std::string& log : logs) {
    names.emplace_back(log);
    std::error_code no_link;
    if (!fs::is_symlink(log, no_link)) continue;
    const fs::path target = fs::canonical(log, no_link);
    if (!target.empty()) names.push_back(target);
  }
  return names;
}

}  // namespace

bool is_rotated_path(const std::string& log, const std::string& path) {
  const std::vector<fs::path> names = names_of({log});
  return std::any_of(names.begin(), names.end(), [&](const fs::path& name) {
    std::error_code unknown;
    return is_rotated_name(name.filename().string(), fs::path{path}.filename().string()) &&
           fs::equivalent(base::folder_of(name.string()), base::folder_of(path), unknown) &&
           !fs::is_symlink(path, unknown);
  });
}

// Names that move while a folder is read may be missed, or lead to another file than the one that was listed,
// so it is read until it says the same twice.
std::vector<Sibling> find_siblings(const Logs& logs) {
  const std::vector<fs::path> names = names_of(logs);
  Listing listing = list(names);
  std::vector<Sibling> found = describe(listing);
  for (int tries = 0; tries < kTries; ++tries) {
    Listing again = list(names);
    if (again == listing) break;
    listing = std::move(again);
    found = describe(listing);
  }
  return found;
}

namespace {

// The plain or the compressed ones of `some` that are not among `others`.
std::vector<Sibling> find_others(const std::vector<Sibling>& some, const std::vector<Sibling>& others,
                                 bool compressed) {
  std::vector<Sibling> found;
  std::copy_if(some.begin(), some.end(), std::back_inserter(found), [&](const Sibling& one) {
    return one.compressed == compressed &&
           std::none_of(others.begin(), others.end(),
                        [&](const Sibling& other) { return other.facts.file.same_inode(one.facts.file); });
  });
  return found;
}

// May `packed` be what `plain` became, as it was or when it had grown?
bool may_have_become(const Sibling& plain, const Sibling& packed, bool grown) {
  const auto size = static_cast<std::uint32_t>(plain.facts.size);
  const std::uint32_t unpacked = (is_gzip(packed.path) ? unpacked_size(packed) : size).value_or(size);
  return (grown ? unpacked > size : unpacked == size) && !is_too_old(packed, plain.facts.written);
}

}  // namespace

std::optional<std::uint32_t> unpacked_size(const Sibling& packed) {
  const std::optional<std::uint32_t> size = unpacked_size(packed.path);
  const base::Result<Facts> there = look_at(packed.path, Link::show);
  return there && there->file.same_inode(packed.facts.file) ? size : std::nullopt;
}

std::vector<Sibling> find_deleted(const std::vector<Sibling>& earlier, const std::vector<Sibling>& now) {
  std::vector<Sibling> gone = find_others(earlier, now, false), packed = find_others(now, earlier, true);
  for (const bool grown : {false, true}) {
    std::erase_if(gone, [&](const Sibling& plain) {
      const auto one = std::find_if(packed.begin(), packed.end(), [&](const Sibling& other) {
        return may_have_become(plain, other, grown);
      });
      if (one == packed.end()) return false;
      packed.erase(one);
      return true;
    });
  }
  return gone;
}

namespace {

// Where that file is now. Some file systems list other inode numbers than they give.
std::string find_moved(const Logs& logs, const Identity& file) {
  const Listing now = list(names_of(logs));
  const auto listed =
      std::find_if(now.begin(), now.end(), [&](const auto& entry) { return entry.second == file.inode; });
  if (listed != now.end()) return listed->first;
  const std::vector<Sibling> siblings = find_siblings(logs);
  const auto found = std::find_if(siblings.begin(), siblings.end(),
                                  [&](const Sibling& one) { return one.facts.file.same_inode(file); });
  return found == siblings.end() ? std::string{} : found->path;
}

}  // namespace

base::Result<LogFile> open_sibling(const Logs& logs, const Sibling& sibling) {
  const auto open = [&](const std::string& path) {
    return sibling.compressed ? LogFile::unpack(path) : LogFile::open(path);
  };
  std::string path = sibling.path;
  for (int tries = 0; tries < kTries && !path.empty(); ++tries) {
    base::Result<LogFile> file = open(path);
    if (file && file->identity().same_inode(sibling.facts.file)) return file;
    const base::Result<Facts> there = look_at(path);  // or is it another one that is refused?
    if (!file && there && there->file.same_inode(sibling.facts.file)) return file;
    path = find_moved(logs, sibling.facts.file);
  }
  return base::os_error("open '" + sibling.path + "'", ENOENT);
}

}  // namespace xlimit::follow
