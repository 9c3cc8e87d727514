// SPDX-License-Identifier: MIT
// Where reading got to, kept over restarts.
//
//   base::Result<Checkpoint> checkpoint = Checkpoint::open(path);       // one reader at a time
//   tail.resume(checkpoint->places());
//   ... after the events went out:  checkpoint->save(tail.places(), now);
//
// PATH is replaced atomically and synced, every 30 s while lines flow, and at the end. Beside it PATH.now
// holds the offsets of this moment, written in place and with a checksum: it is exact after kill -9, and when
// it is torn or belongs to another PATH it is left out of account.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "store/atomic_file.h"

namespace xlimit::follow {

// One file of one log. Inode 0: the log was not there.
struct Place {
  std::string log;  // the path it is followed by
  dev_t device = 0;
  ino_t inode = 0;
  std::size_t head_length = 0;
  std::uint64_t head_hash = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::int64_t written = 0;  // its last write, nanoseconds since 1970

  bool operator==(const Place&) const = default;
};

// A fingerprint of the first bytes of a file (FNV-1a).
std::uint64_t fingerprint(std::string_view bytes);

// The text of both files, and back. Absent when it is none, or torn.
struct Places {
  std::uint64_t generation = 0;  // grows with every save
  std::vector<Place> places;
};
std::string format_places(const Places& places);
std::optional<Places> parse_places(std::string_view text);

class Checkpoint {
 public:
  static constexpr std::chrono::seconds kPeriod{30};

  // Fails with kTemporary when another process holds it, kData when the file is no checkpoint.
  static base::Result<Checkpoint> open(const std::string& path);

  // Absent when there was none.
  const std::optional<std::vector<Place>>& places() const { return found_; }
  // Fails when a file cannot be written; the next call tries again.
  base::Result<void> save(std::vector<Place> places, std::chrono::steady_clock::time_point now);
  // Replaces PATH, whatever the time.
  base::Result<void> finish(std::vector<Place> places);

 private:
  Checkpoint(std::string path, store::Lock lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  base::Result<void> write_now(const std::string& text);

  std::string path_;
  store::Lock lock_;
  std::optional<std::vector<Place>> found_;
  Places saved_;
  bool written_ = true;  // PATH.now says what saved_ says, or PATH does
  bool synced_ = false;  // PATH says what saved_ says
  std::optional<std::chrono::steady_clock::time_point> replaced_;
  base::Fd now_;
};

}  // namespace xlimit::follow
