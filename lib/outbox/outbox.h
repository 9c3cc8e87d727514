// SPDX-License-Identifier: MIT
// Text that goes out once, and a state that says what it was made of: after kill -9 at any instant the next
// process sends what is missing and knows where to go on.
//
//   outbox::Outbox out{STDOUT_FILENO};                            // or
//   base::Result<outbox::Outbox> out = outbox::Outbox::open(STDOUT_FILENO, "/var/lib/x/checkpoint");
//   resume_at(out->found());
//   out->write(line);                        // gathered; commit when full()
//   out->commit(state);                      // text and state become one fact
//   if (auto all = out->send(); all && !*all) wait_for(POLLOUT);
//   out->save(now);                          // now and then
//
// PATH holds the state in plain text, replaced and synced every 30 s while it changes, and at the end.
// PATH.now holds state and text of this moment (slate.h). What has gone into a pipe is known for sure,
// because the kernel counts it there in the call that writes; what has gone into a file can be looked up.
// Whatever else stdout may be, a line may come twice when the kill falls between its write(2) and the next
// instruction.
#pragma once

#include <cassert>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "outbox/sheets.h"
#include "outbox/slate.h"
#include "store/atomic_file.h"
#include "stream/writer.h"

namespace xlimit::outbox {

struct Saved;

class Outbox {
 public:
  static constexpr std::chrono::seconds kPeriod{30};
  // Gathered before one should commit. A pipe of default size takes it at once.
  static constexpr std::size_t kFull = 60 * 1024;
  // Gathered at most.
  static constexpr std::size_t kMost = Slate::kText;

  // Nothing is kept.
  explicit Outbox(int fd);
  // With a checkpoint at `path`; `resume`: what an earlier process left is taken up. Fails with kTemporary
  // when another process uses it, kData when the file is no checkpoint.
  static base::Result<Outbox> open(int fd, const std::string& path, bool resume);

  // The state of an earlier process. Absent when there was none.
  const std::optional<std::string>& found() const { return found_; }

  // Not while pending(), and not more than kMost.
  void write(std::string_view text) { wrote(text.copy(room(text.size()), text.size())); }
  // The same in two steps, for those who write in place: where `most` bytes may go; and so many came.
  char* room(std::size_t most) {
    assert(!pending());
    if (gathered_ + most > kMost) std::abort();  // never write beyond, never drop in silence
    return text_ + gathered_;
  }
  void wrote(std::size_t length) { gathered_ += length; }
  bool full() const { return gathered_ >= kFull; }
  std::size_t gathered() const { return gathered_; }
  // What was gathered goes out from now on, and `state` is what is then kept.
  void commit(std::string_view state) { commit(state, 0); }
  bool pending() const { return sent() < size(); }

  // Sends what is taken without waiting; whether that was all. A failure is for good. Fails with kIo when the
  // descriptor does (disk full).
  base::Result<bool> send();
  // All of it, waiting for a slow reader; for one that takes nothing for so long it fails with kTemporary.
  base::Result<void> drain(std::chrono::milliseconds patience);
  // The reader went away: nothing more is sent.
  bool gone() const { return gone_ || writer_.gone(); }
  int fd() const { return writer_.fd(); }

  // Keeps the state where it survives a power cut, if kPeriod has passed or there is none yet, and nothing is
  // pending. Fails when a file cannot be written; a later call tries again.
  base::Result<void> save(std::chrono::steady_clock::time_point now);
  // The same, whatever the time.
  base::Result<void> finish();

 private:
  std::size_t sent() const { return slate_ ? slate_->sent() : sent_; }
  std::size_t size() const { return slate_ ? slate_->size() : size_; }
  std::string_view left() const;
  void take_up(Saved saved, bool resume);
  bool commit_anew(std::size_t sent);
  void commit_without(std::size_t sent);
  void advance(std::size_t bytes);
  void commit(std::string_view state, std::size_t sent);
  base::Result<std::size_t> write_some();
  base::Result<std::size_t> splice_some();
  std::size_t portion() const;

  stream::Writer writer_;
  Target target_;
  std::uint64_t position_ = 0;  // in a regular file: where the next text will stand
  std::optional<store::Lock> lock_;
  std::string path_;
  std::optional<std::string> found_;
  std::optional<Slate> slate_;
  std::optional<base::Error> unkept_;  // why there is none
  std::optional<Sheets> sheets_;
  off64_t* cursor_ = nullptr;
  std::size_t staged_ = 0;  // of the text, in a sheet and not out
  bool gone_ = false;

  std::unique_ptr<char[]> own_;  // without a slate
  char* text_ = nullptr;
  std::size_t gathered_ = 0, size_ = 0, sent_ = 0;
  std::string state_;
  std::uint64_t generation_ = 0;
  std::optional<std::uint64_t> saved_;  // the generation that PATH holds
  std::optional<std::chrono::steady_clock::time_point> tried_;
};

}  // namespace xlimit::outbox
