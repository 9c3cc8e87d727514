// SPDX-License-Identifier: MIT
// Brings the copies of sources up to date: asks for those that are due, checks what comes, keeps what is
// good.
#pragma once

#include <span>
#include <vector>

#include "blocklist-fetch/cache.h"
#include "blocklist-fetch/settings.h"
#include "feed/sources.h"
#include "http/client.h"

namespace xlimit::blocklist_fetch {

class Update {
 public:
  Update(const Settings& settings, const cli::Command& command, const Cache& cache)
      : settings_(settings), command_(command), cache_(cache) {}

  // Fails when copies can't be read or written. That a source can't be had is said and noted, and is no
  // failure: gives the names of those that have no good copy, or with a dry run would have none.
  base::Result<std::vector<std::string>> run(const std::vector<feed::Source>& sources);

 private:
  struct Job {
    const feed::Source* source;
    Copy copy;
  };

  base::Result<std::vector<Job>> due(const std::vector<feed::Source>& sources) const;
  // `done_before` of `all` jobs are done, for the line of progress.
  std::vector<http::Response> download(std::span<const Job> jobs, std::size_t done_before,
                                       std::size_t all) const;
  http::Response read(const feed::Source& source) const;
  base::Result<void> take(Job& job, http::Response response);
  base::Result<void> take_body(Job& job, http::Response& response);
  base::Result<void> replace(Job& job, const Copy& before, const http::Response& response,
                             ip::Ranges& ranges);
  // Cuts off what may be half a line; false when there was nothing to cut.
  bool cut_torn(const feed::Source& source, http::Response& response) const;

  const Settings& settings_;
  const cli::Command& command_;
  const Cache& cache_;
};

}  // namespace xlimit::blocklist_fetch
