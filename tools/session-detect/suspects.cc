// SPDX-License-Identifier: MIT
// A few at a time, each once a second.
#include "session-detect/suspects.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "event/encode.h"

namespace session_detect {

bool Suspects::wants(const ip::Prefix& prefix) {
  if (std::ranges::any_of(waiting_, [&](const Waiting& one) { return one.target.prefix == prefix; }))
    return true;
  const Clock::time_point now = Clock::now();
  while (!told_.empty() && now >= told_.front().at + kQuiet) told_.erase(told_.begin());
  return waiting_.size() < kMost && waiting_.size() + told_.size() < kMostTold &&
         std::ranges::find(told_, prefix, &Told::prefix) == told_.end();
}

void Suspects::add(std::string_view user, const session::Target& target) {
  std::erase_if(waiting_, [&](const Waiting& one) { return one.target.prefix == target.prefix; });
  waiting_.push_back({std::string{user}, target});
}

base::Result<void> Suspects::tell(stream::Output& out) {
  const std::vector<Waiting> all = std::exchange(waiting_, {});
  if (all.empty() || !out.takes_a_line()) return {};
  event::Line line;
  std::size_t size = 0;
  base::Result<void> written;
  for (const Waiting& one : all) {
    const event::Suspect suspect{.at = base::now(),
                                 .node = command_.common().node,
                                 .target = one.target.prefix,
                                 .address = one.target.address,
                                 .user = one.user,
                                 .ports = one.target.ports};
    const std::string_view text = event::encode(suspect, line);
    size += text.size();
    if (size > event::kMaxLine) break;
    told_.push_back({one.target.prefix, Clock::now()});
    if (written) written = out.write(text);
  }
  return written ? out.flush() : written;
}

}  // namespace session_detect
