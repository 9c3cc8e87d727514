// SPDX-License-Identifier: MIT
// What is to be appended to a journal, gathered, and kept as long as another process holds the journal's
// lock.
//
//   journal::Writer writer{place};
//   writer.add("{\"type\":\"banned\",...}\n");
//   Result<void> written = writer.write(now, {});    // in a loop, which must not wait; again a second later
//   Result<void> all = writer.write(now, Writer::kPatience);
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "journal/journal.h"

namespace xlimit::journal {

class Writer {
 public:
  using Clock = std::chrono::steady_clock;
  // So much is gathered; what comes on top is lost, and counted.
  static constexpr std::size_t kMost = std::size_t{16} * 1024 * 1024;
  static constexpr std::chrono::milliseconds kPatience{1000};

  explicit Writer(Place place) : place_(place), journal_(std::move(place)) {}

  // A whole line.
  void add(std::string_view line);
  std::size_t gathered() const { return lines_.size(); }
  // Appends what was gathered, and begins to write the journal anew, beside us, when it has grown enough. A
  // lock that is not to be had within `patience` leaves everything as it was, and is a failure (kTemporary)
  // when it was not for kPatience in all; any other failure loses what was gathered.
  base::Result<void> write(Clock::time_point now, std::chrono::milliseconds patience);
  // Forgets what is in the journal.
  base::Result<void> clear() { return journal_.clear(kPatience); }

 private:
  base::Result<void> append(Clock::time_point now, std::chrono::milliseconds patience);
  base::Result<void> rewrite(Clock::time_point now);

  Place place_;
  Journal journal_;
  std::string lines_;
  std::uint64_t lost_ = 0;                        // lines
  std::optional<Clock::time_point> waits_since_;  // for the lock
  Clock::time_point next_rewriting_{};
  std::future<base::Result<void>> rewriting_;
};

}  // namespace xlimit::journal
