// SPDX-License-Identifier: MIT
// inotify(7): which files grew, in which folders names came and went.
//
// A notice is a hint to look, never a fact: queues overflow, and network file systems tell nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::follow {

class Notices {
 public:
  // Fails with kSystem when the host allows no more instances (fs.inotify.max_user_instances).
  static base::Result<Notices> open();

  int fd() const { return fd_.get(); }
  // The watch's number; -1 when it cannot be had (then the caller looks now and then). The same file or
  // folder has one number however often it is asked for.
  int watch_file(int file) const;
  int watch_folder(const std::string& path) const;
  void forget(int watch) const;
  // Calls `on_notice` for every notice that waits; `name` is empty for a watched file. Watch -1: some were
  // dropped.
  void drain(const std::function<void(int watch, std::string_view name)>& on_notice) const;

 private:
  explicit Notices(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

}  // namespace xlimit::follow
