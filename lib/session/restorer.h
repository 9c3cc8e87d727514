// SPDX-License-Identifier: MIT
// Lines that a detector saved, back into a new one.
//
//   session::Restorer restorer{detector};
//   for each line: restorer.take(line)
//   restorer.finish();
//
// Lines come in batches, each with a line that ends it. A batch without one was torn when the writer died: it
// is left out, and good_bytes() says where it begins.
#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/object.h"
#include "session/detector.h"

namespace xlimit::session {

using Seen = decltype(Bursts::Burst::seen);
inline constexpr std::size_t kSeenDigits = Seen{}.size() / 4;  // as a hexadecimal number

class Restorer {
 public:
  // `detector` has judged nothing yet. After a failure it is of no use.
  explicit Restorer(Detector& detector) : detector_(detector) {}

  // One line that had its newline. Fails with kData, naming the line, when it is none that save() writes.
  base::Result<void> take(std::string_view line);
  // After the last. Fails with kData when the text was not whole.
  base::Result<void> finish();

  // What of the text counts, lines with their newlines.
  std::uint64_t good_bytes() const { return good_bytes_; }

 private:
  base::Result<void> apply_batch();
  void apply();
  void restore_end();
  void restore_user();
  void restore_place();
  Index find_joined(const Detector::Origin& origin, bool gateway) const;
  void restore_gone();
  void restore_banned();
  void restore_shared();
  void restore_burst();

  Detector& detector_;
  event::Object line_;
  std::string batch_;
  Index user_ = kNone;  // whose places follow
  bool whole_ = false;
  std::uint64_t bytes_ = 0;
  std::uint64_t good_bytes_ = 0, lines_ = 0;
};

}  // namespace xlimit::session
