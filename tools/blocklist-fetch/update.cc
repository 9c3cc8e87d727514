// SPDX-License-Identifier: MIT
// Brings the copies of sources up to date: asking.
#include "blocklist-fetch/update.h"

#include <fmt/core.h>
#include <unistd.h>

#include "base/clock.h"
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
    if (copy->damaged) command_.warn("source '" + source.name + "': " + copy->error + ", fetched anew");
    // When a clock that ran ahead was put right, nobody knows how old the copy is.
    const base::Time now = base::now();
    const bool fresh = copy->is_of(source) && copy->error.empty() && copy->checked <= now &&
                       now - copy->checked < source.interval;
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

}  // namespace xlimit::blocklist_fetch
