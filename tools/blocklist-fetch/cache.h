// SPDX-License-Identifier: MIT
// The last good copy of each source, what is known of it, and since when it holds what: NAME.list, NAME.json
// and NAME.since in one folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "feed/history.h"
#include "feed/parse.h"
#include "feed/sources.h"
#include "store/atomic_file.h"

namespace xlimit::blocklist_fetch {

// What is known of a source; times are the epoch when it never happened.
struct Copy {
  std::string etag, last_modified, sha256;
  std::string next;      // SHA-256 of the copy that takes its place just now
  std::string from;      // SHA-256 of the URL that the copy came from
  std::string error;     // of the last check, or what is wrong with the files; empty: it was well
  bool damaged = false;  // the files: then there is no copy, and nothing else is known
  std::uint64_t entries = 0, invalid = 0;
  base::Time checked{}, changed{}, first{};

  bool good() const { return first != base::Time{}; }  // there is a copy
  // Of the very list that is asked for now: otherwise what a server said of it proves nothing, not even that
  // it is recent.
  bool is_of(const feed::Source& source) const;
};

class Cache {
 public:
  explicit Cache(std::string folder) : folder_(std::move(folder)) {}

  // Makes the folder and keeps other writers out as long as the lock lives; with a dry run makes nothing,
  // and there is no lock where nobody has fetched yet.
  base::Result<std::optional<store::Lock>> lock(bool dry_run) const;
  // Removes what a fetch that was killed long ago left half written; under the lock.
  void clear_away_abandoned(const std::vector<feed::Source>& sources) const;
  // A source that never had a good copy, or whose list is gone or not the one described, has none.
  base::Result<Copy> read(const std::string& source) const;
  // The good copy.
  base::Result<feed::Parsed> list(const std::string& source) const;
  base::Result<feed::History> history(const std::string& source) const;

  // In this order. A crash between any two writes leaves a good copy: until note() the description is that of
  // the copy `before`, if that was good, and names the next one's sum.
  base::Result<void> keep(const std::string& source, const Copy& before, std::string_view text,
                          const feed::History& history) const;
  base::Result<void> note(const std::string& source, const Copy& copy) const;

 private:
  std::string path(const std::string& source, const char* ending) const {
    return folder_ + '/' + source + ending;
  }

  std::string folder_;
};

}  // namespace xlimit::blocklist_fetch
