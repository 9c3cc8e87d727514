// SPDX-License-Identifier: MIT
// Gathering, appending, and when to write anew.
#include "journal/writer.h"

#include <utility>

#include "base/clock.h"

namespace xlimit::journal {
namespace {

// Between two attempts to write the journal anew, of which the first may have failed.
constexpr std::chrono::minutes kPause{1};

}  // namespace

void Writer::add(std::string_view line) {
  if (lines_.size() + line.size() <= kMost)
    lines_ += line;
  else
    ++lost_;
}

base::Result<void> Writer::write(Clock::time_point now, std::chrono::milliseconds patience) {
  if (lines_.empty()) return {};
  if (base::Result<void> appended = append(now, patience); !appended) return appended;
  return journal_.is_large() ? rewrite(now) : base::Result<void>{};
}

base::Result<void> Writer::append(Clock::time_point now, std::chrono::milliseconds patience) {
  base::Result<void> appended = journal_.append(lines_, patience);
  if (!appended && appended.error().code == base::Exit::kTemporary) {
    if (!waits_since_) waits_since_ = now;
    const bool long_enough = now - *waits_since_ + patience >= kPatience;
    return long_enough ? appended : base::Result<void>{};
  }
  waits_since_.reset();
  lines_.clear();
  const std::uint64_t lost = std::exchange(lost_, 0);
  if (!appended || lost == 0) return appended;
  return base::fail(base::Exit::kTemporary, "'" + place_.journal() + "' was locked by another process, " +
                                                std::to_string(lost) + " lines lost");
}

base::Result<void> Writer::rewrite(Clock::time_point now) {
  if (now < next_rewriting_) return {};
  base::Result<void> last;
  if (rewriting_.valid()) {
    if (rewriting_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return {};
    last = rewriting_.get();
  }
  next_rewriting_ = now + kPause;
  rewriting_ = std::async(std::launch::async, [place = place_] { return compact(place, base::now()); });
  return last;
}

}  // namespace xlimit::journal
