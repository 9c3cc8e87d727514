// SPDX-License-Identifier: MIT
// Fingerprints of a file's first bytes and of the bytes before an offset.
#include "follow/identity.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace xlimit::follow {
namespace {

bool hashes_to(int fd, std::uint64_t start, std::size_t length, std::uint64_t hash) {
  std::array<char, std::max(Identity::kHead, Mark::kLongest)> bytes;
  if (length > bytes.size()) return false;
  const ssize_t got = ::pread(fd, bytes.data(), length, static_cast<off_t>(start));
  return got == static_cast<ssize_t>(length) && fingerprint({bytes.data(), length}) == hash;
}

}  // namespace

// FNV-1a by words: it is made for every line that comes alone.
std::uint64_t fingerprint(std::string_view bytes) {
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  std::uint64_t hash = 0xcbf29ce484222325U ^ bytes.size();
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t length = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), length);
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 29U;
    bytes.remove_prefix(length);
  }
  return hash;
}

bool begins_like(int fd, const Identity& identity) {
  return identity.head_length == 0 || hashes_to(fd, 0, identity.head_length, identity.head_hash);
}

bool holds(int fd, const Mark& mark) {
  return mark.length == 0 ||
         (mark.end >= mark.length && hashes_to(fd, mark.end - mark.length, mark.length, mark.hash));
}

}  // namespace xlimit::follow
