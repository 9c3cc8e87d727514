// SPDX-License-Identifier: MIT
// What xlog-tail does once its options are read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/complaint.h"
#include "follow/checkpoint.h"
#include "follow/tail.h"
#include "stream/loop.h"
#include "stream/output.h"
#include "xlog/feed.h"

namespace xlimit::xlog_tail {

enum class Start : std::uint8_t { automatic, start, end, last };

struct Settings {
  std::vector<std::string> files;
  std::vector<std::string> command;
  bool once = false;
  Start from = Start::automatic;
  std::string checkpoint;
  std::string zone;
  std::string explain;
};

// Lines in, events out, an account now and then, and the checkpoint after what went out.
class Program {
 public:
  Program(const Settings& settings, const cli::Command& command,
          std::optional<follow::Checkpoint> checkpoint);

  base::Result<base::Exit> run();

 private:
  follow::Follower::Sink open_feed(const std::string& name);
  void take(xlog::Feed& feed, const stream::Piece& piece);
  void went_out();
  void report(bool end);
  void check(base::Result<void> result);

  const Settings& settings_;
  const cli::Command& command_;
  std::optional<follow::Checkpoint> checkpoint_;
  cli::Complaint unsaved_{command_, "the checkpoint is not kept"};
  stream::Loop loop_;
  stream::Signals signals_{loop_};
  stream::Output out_{STDOUT_FILENO, signals_.fd()};
  std::vector<std::unique_ptr<xlog::Feed>> feeds_;
  bool report_soon_ = false;
  follow::Tail tail_;
};

}  // namespace xlimit::xlog_tail
