// SPDX-License-Identifier: MIT
// Brings the copies of sources up to date: what is made of an answer.
#include <fmt/core.h>

#include "base/clock.h"
#include "base/text.h"
#include "blocklist-fetch/update.h"
#include "feed/check.h"

namespace xlimit::blocklist_fetch {

base::Result<void> Update::take(Job& job, http::Response response) {
  job.copy.checked = base::now();
  job.copy.error = response.error;
  if (response.good() && !response.unchanged()) {
    if (base::Result<void> taken = take_body(job, response); !taken) return taken;
  }
  if (!job.copy.error.empty())
    command_.warn(
        fmt::format("source '{}': {}; {}", job.source->name, job.copy.error,
                    job.copy.good() ? "the last good copy stays in force" : "there is no good copy"));
  if (settings_.dry_run) return {};
  return cache_.note(job.source->name, job.copy);
}

// What is pinned was whole when its sum is right.
bool Update::cut_torn(const feed::Source& source, http::Response& response) const {
  if (response.end_told || !source.demands.sha256.empty()) return false;
  const std::string_view torn = feed::torn_entry(response.body);
  if (torn.empty()) return false;
  command_.warn(
      fmt::format("source '{}': the last line '{}' has no end, and the server did not say how long "
                  "the list is, skipped",
                  source.name, base::printable(torn.substr(0, feed::kSample))));
  response.body.resize(response.body.size() - torn.size());
  return true;
}

base::Result<void> Update::take_body(Job& job, http::Response& response) {
  Copy before = job.copy;
  const bool torn = cut_torn(*job.source, response);
  feed::Parsed parsed = feed::parse(response.body);
  // What another list had says nothing of how long this one should be.
  const std::uint64_t expected = before.is_of(*job.source) ? before.entries : 0;
  const std::optional<std::string> objection =
      feed::objection(response.body, response.type, parsed, job.source->demands, expected);
  if (objection) {
    job.copy.error = *objection;
    return {};
  }
  if (parsed.invalid > 0)
    command_.warn(fmt::format("source '{}': {} lines are no address or prefix, the first '{}', skipped",
                              job.source->name, parsed.invalid, parsed.sample));
  job.copy.from = feed::sha256(job.source->url);
  job.copy.etag = response.etag;
  job.copy.last_modified = response.last_modified;
  job.copy.entries = parsed.entries;
  job.copy.invalid = parsed.invalid + (torn ? 1 : 0);
  const std::string sum = feed::sha256(response.body);
  if (job.copy.good() && sum == job.copy.sha256) return {};
  job.copy.sha256 = sum;
  before.next = sum;
  before.error = "a fetch was ended before it was done";
  return settings_.dry_run ? base::Result<void>{} : replace(job, before, response, parsed.ranges);
}

base::Result<void> Update::replace(Job& job, const Copy& before, const http::Response& response,
                                   ip::Ranges& ranges) {
  feed::History history;
  if (before.good()) {
    base::Result<feed::Parsed> old = cache_.list(job.source->name);
    base::Result<feed::History> known = cache_.history(job.source->name);
    if (!old) return base::failed(old);
    if (!known) return base::failed(known);
    old->ranges.unite();
    ranges.unite();
    history = std::move(*known);
    history.advance(old->ranges, ranges, job.copy.checked);
  } else {
    job.copy.first = job.copy.checked;
  }
  job.copy.changed = job.copy.checked;
  return cache_.keep(job.source->name, before, response.body, history);
}

}  // namespace xlimit::blocklist_fetch
