// SPDX-License-Identifier: MIT
// A trouble that may come a thousand times a second: said once, then at most once a minute with its count.
//
//   cli::Complaint torn{command, "line is no event, passed on"};
//   torn.add("'target' is not an address or prefix");   // "PROGRAM: line is no event, passed on: 'target'
//   ..."
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace xlimit::cli {

class Complaint {
 public:
  Complaint(const Command& command, std::string what) : command_(command), what_(std::move(what)) {}
  ~Complaint() { say({}); }
  Complaint(const Complaint&) = delete;
  Complaint& operator=(const Complaint&) = delete;

  // `detail` is about this occurrence; those in between are counted and not shown.
  void add(std::string_view detail) {
    ++unsaid_;
    const auto now = std::chrono::steady_clock::now();
    if (said_ && now - last_ < std::chrono::minutes{1}) return;
    say(detail);
    said_ = true;
    last_ = now;
  }

 private:
  void say(std::string_view detail) {
    if (unsaid_ == 0) return;
    std::string text = what_;
    if (!detail.empty()) text += ": " + std::string{detail};
    if (said_) text += " (" + std::to_string(unsaid_) + " more)";
    unsaid_ = 0;
    command_.warn(text);
  }

  const Command& command_;
  std::string what_;
  std::uint64_t unsaid_ = 0;
  bool said_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace xlimit::cli
