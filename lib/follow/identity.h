// SPDX-License-Identifier: MIT
// Which file it is, whatever it is called, and whether it still holds what was read of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace xlimit::follow {

// Device, inode and birth; and how the file begins, because inodes are used again and not every file system
// tells of births.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t birth = 0;       // nanoseconds since 1970; 0: not told
  std::size_t head_length = 0;  // of the first bytes, at most kHead; fewer when the file was shorter
  std::uint64_t head_hash = 0;

  static constexpr std::size_t kHead = 512;
  bool same_inode(const Identity& other) const {
    const bool other_birth = birth != 0 && other.birth != 0 && birth != other.birth;
    return device == other.device && inode == other.inode && !other_birth;
  }
  bool operator==(const Identity&) const = default;
};

// Bytes that were read: those before `end`. A file that was cut short and has grown beyond `end` since begins
// as it did, often enough; but it does not hold these.
struct Mark {
  std::uint64_t end = 0;
  std::size_t length = 0;
  std::uint64_t hash = 0;

  static constexpr std::size_t kLongest = 256;
  bool operator==(const Mark&) const = default;
};

std::uint64_t fingerprint(std::string_view bytes);

// Does the file begin so? Also true when nothing is known of the beginning.
bool begins_like(int fd, const Identity& identity);
// Does it hold the bytes of the mark? Also true when there are none.
bool holds(int fd, const Mark& mark);

}  // namespace xlimit::follow
