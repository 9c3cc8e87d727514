// SPDX-License-Identifier: MIT
// Brings the copies of sources up to date.
#include "blocklist-fetch/update.h"

#include <fmt/core.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "feed/check.h"
#include "stream/file.h"

namespace xlimit::blocklist_fetch {
namespace {

constexpr std::string_view kFile = "file://";

bool is_file(const feed::Source& source) { return source.url.starts_with(kFile); }

// On a terminal, one line that is written over, and in the end taken away.
constexpr std::string_view kNoProgress = "\r\033[K";

void show_progress(std::size_t done, std::size_t all, std::uint64_t bytes) {
  const std::string line =
      fmt::format("\r{} of {} sources, {:.1f} MB\033[K", done, all, static_cast<double>(bytes) / 1e6);
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

// A few at a time: what came is held until it is checked, and there may be many sources with large lists.
base::Result<std::vector<std::string>> Update::run(const std::vector<feed::Source>& sources) {
  base::Result<std::vector<Job>> jobs = due(sources);
  if (!jobs) return base::failed(jobs);
  std::vector<std::string> lacking;
  std::span<Job> left{*jobs};
  while (!left.empty()) {
    const std::span<Job> now = left.first(std::min(left.size(), http::Limits{}.at_once));
    std::vector<http::Response> responses = download(now, jobs->size() - left.size(), jobs->size());
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (base::Result<void> taken = take(now[i], std::move(responses[i])); !taken)
        return base::failed(taken);
      if (!now[i].copy.good() && !now[i].copy.error.empty()) lacking.push_back(now[i].source->name);
    }
    left = left.subspan(now.size());
  }
  return lacking;
}

base::Result<std::vector<Update::Job>> Update::due(const std::vector<feed::Source>& sources) const {
  std::vector<Job> jobs;
  for (const feed::Source& source : sources) {
    base::Result<Copy> copy = cache_.read(source.name);
    if (!copy) return base::failed(copy);
    const bool fresh =
        copy->is_of(source) && copy->error.empty() && base::now() - copy->checked < source.interval;
    if (!fresh || settings_.force) jobs.push_back({&source, std::move(*copy)});
  }
  return jobs;
}

std::vector<http::Response> Update::download(std::span<const Job> jobs, std::size_t done_before,
                                             std::size_t all) const {
  std::vector<http::Request> requests;
  for (const Job& job : jobs) {
    if (is_file(*job.source)) continue;
    http::Request request{.url = job.source->url};
    if (job.copy.is_of(*job.source)) {
      request.etag = job.copy.etag;
      request.last_modified = job.copy.last_modified;
    }
    requests.push_back(std::move(request));
  }
  http::OnProgress progress;
  if (::isatty(STDERR_FILENO) == 1 && !command_.common().quiet)
    progress = [&](std::size_t done, std::uint64_t bytes) { show_progress(done_before + done, all, bytes); };
  std::vector<http::Response> came =
      http::get(requests, {.body = settings_.largest << 20U, .slow = settings_.patience}, progress);
  if (progress) (void)!::write(STDERR_FILENO, kNoProgress.data(), kNoProgress.size());
  std::vector<http::Response> responses;
  auto next = came.begin();
  for (const Job& job : jobs)
    responses.push_back(is_file(*job.source) ? read(*job.source) : std::move(*next++));
  return responses;
}

http::Response Update::read(const feed::Source& source) const {
  const std::string path = source.url.substr(kFile.size(), source.url.find_first_of("?#") - kFile.size());
  base::Result<std::string> text =
      stream::read_file(path, static_cast<std::size_t>(settings_.largest << 20U));
  if (!text) return {.error = text.error().text};
  return {.status = 200, .body = std::move(*text)};
}

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
  const bool torn = cut_torn(*job.source, response);
  feed::Parsed parsed = feed::parse(response.body);
  const std::optional<std::string> objection =
      feed::objection(response.body, response.type, parsed, job.source->demands, job.copy.entries);
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
  const std::string sum = feed::sha256(response.body);
  if (job.copy.good() && sum == job.copy.sha256) return {};
  job.copy.sha256 = sum;
  job.copy.entries = parsed.entries;
  job.copy.invalid = parsed.invalid + (torn ? 1 : 0);
  return settings_.dry_run ? base::Result<void>{} : replace(job, response, parsed.ranges);
}

base::Result<void> Update::replace(Job& job, const http::Response& response, ip::Ranges& ranges) {
  feed::History history;
  if (job.copy.good()) {
    base::Result<feed::Parsed> before = cache_.list(job.source->name);
    base::Result<feed::History> known = cache_.history(job.source->name);
    if (!before) return base::failed(before);
    if (!known) return base::failed(known);
    before->ranges.unite();
    ranges.unite();
    history = std::move(*known);
    history.advance(before->ranges, ranges, job.copy.checked);
  } else {
    job.copy.first = job.copy.checked;
  }
  job.copy.changed = job.copy.checked;
  return cache_.keep(job.source->name, response.body, history);
}

}  // namespace xlimit::blocklist_fetch
