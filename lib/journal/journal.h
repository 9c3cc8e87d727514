// SPDX-License-Identifier: MIT
// The file in which bans are remembered: lines that several processes append at once, and that are written
// anew when most of them have had their day. What is read from it is a ledger::Ledger's business.
//
//   journal::Journal journal{place};
//   Result<void> written = journal.append("{\"type\":\"banned\",...}\n{\"type\":\"unbanned\",...}\n", 1s);
//   if (written && journal.is_large()) compact(place, base::now());
//
// Appending takes a shared lock, for microseconds; rewriting an exclusive one, only while what was appended
// in its last moments is copied, and waits for no disk under it. Whoever finds that the file was replaced
// opens the new one. Nothing is synced on appending: a power cut takes the bans of the last seconds with it,
// a crash of a process none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"
#include "journal/place.h"
#include "ledger/ledger.h"

namespace xlimit::journal {

class Journal {
 public:
  explicit Journal(Place place) : place_(std::move(place)) {}

  // Whole lines, in one write. Opens or makes the file, and its folder, when need be. Fails with kTemporary,
  // having written nothing, when others hold the lock for as long as `patience`.
  base::Result<void> append(std::string_view lines, std::chrono::milliseconds patience);
  // Forgets everything; fails as append() does.
  base::Result<void> clear(std::chrono::milliseconds patience);
  // Whether the file has grown to a multiple of what was alive when it was last written anew. Known after
  // append().
  bool is_large() const;

 private:
  base::Result<void> open();
  // Opens the file that has this name now, and locks it.
  base::Result<void> take_lock(int how, std::chrono::milliseconds patience);
  base::Result<void> write(std::string_view lines);

  Place place_;
  base::Fd fd_;
  std::uint64_t size_ = 0, alive_ = 0;
};

// Every line of the journal, if there is one, or every line that holds a text, as event::target_text(). Fails
// when it can't be read.
base::Result<void> replay(const Place& place, ledger::Ledger& ledger, base::Time now,
                          std::string_view text = {});

// Writes the journal anew with what is alive at `now`. Takes as long as the file is large, and keeps nobody
// from appending. Another process that does the same already is left to it, and one that holds the journal's
// lock for a second has it left as it is.
base::Result<void> compact(const Place& place, base::Time now);

}  // namespace xlimit::journal
