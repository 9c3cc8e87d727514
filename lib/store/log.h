// SPDX-License-Identifier: MIT
// A state file that only grows, and is now and then written anew beside itself and renamed over, while it
// goes on growing and nobody waits for the disk.
//
//   Result<Log> log = Log::open("/var/lib/xlimit/detect.state");
//   log->append("...");               // out of this process: what kills it takes nothing of that away
//   log->start_rewriting();
//   log->rewrite("...");              // what there is, in pieces; append() goes to both files meanwhile
//   log->finish_rewriting();          // a thread syncs the new file and renames it over the old one
//   if (log->ready()) log->take_over();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::store {

class Log {
 public:
  // A file that is not there, or is empty, is made by the first rewriting. Fails when one that is cannot be
  // read and written.
  static base::Result<Log> open(const std::string& path);
  Log(Log&&) noexcept;
  Log& operator=(Log&&) = delete;
  // Waits for the thread, if there is one. A rewriting that was not finished leaves nothing behind.
  ~Log();

  // To read what is there, when whole().
  int fd() const { return fd_.get(); }
  std::uint64_t size() const { return size_; }
  // Is there a file, with all that was appended? Otherwise it takes nothing more, and is to be written anew.
  bool whole() const { return static_cast<bool>(fd_); }
  // Cuts off what stands behind.
  base::Result<void> truncate(std::uint64_t size);
  // All of the text or nothing. After a failure the file is no longer whole, but as it was before.
  base::Result<void> append(std::string_view text);
  // Waits until the disk has it.
  base::Result<void> sync();

  bool rewriting() const { return next_ != nullptr; }
  base::Result<void> start_rewriting();
  // After a failure nothing is rewritten any more.
  base::Result<void> rewrite(std::string_view text);
  void finish_rewriting();
  // Would take_over() come back at once?
  bool ready() const;
  // The new file is the file now; after a failure the old one still is.
  base::Result<void> take_over();

 private:
  struct Next;
  struct Closing;
  Log(std::string path, base::Fd fd, std::uint64_t size);

  std::string path_;
  base::Fd fd_;
  std::uint64_t size_ = 0;
  std::unique_ptr<Next> next_;
  std::unique_ptr<Closing> closing_;
};

}  // namespace xlimit::store
