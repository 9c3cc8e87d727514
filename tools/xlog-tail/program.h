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
#include "follow/tail.h"
#include "metrics/page.h"
#include "outbox/outbox.h"
#include "stream/loop.h"
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
  std::string metrics;

  // Unless the operator wants to begin elsewhere.
  bool resumes() const { return from == Start::automatic || from == Start::last; }
  follow::From begins() const {
    return from == Start::start || (from == Start::automatic && once) ? follow::From::start
                                                                      : follow::From::end;
  }
};

// Lines in, events out, an account now and then; and what is read is decided together with what goes out.
class Program {
 public:
  // `state`: where an earlier run was.
  Program(const Settings& settings, const cli::Command& command, outbox::Outbox out,
          std::optional<follow::State> state);

  base::Result<base::Exit> run();

 private:
  base::Result<void> add_sources();
  xlog::Feed* find_feed(const std::string& name);
  follow::Follower::Sink open_feed(const std::string& name);
  void take(xlog::Feed& feed, const stream::Piece& piece);
  void went_out();
  void commit();
  void send();
  bool report(bool end);
  void count(metrics::Page& page) const;
  base::Result<void> end();

  const Settings& settings_;
  const cli::Command& command_;
  cli::Complaint unsaved_{command_, "the checkpoint is not kept"};
  stream::Loop loop_;
  stream::Signals signals_{loop_};
  outbox::Outbox out_;
  std::optional<stream::Watch> writable_;  // while a reader takes nothing
  std::vector<std::unique_ptr<xlog::Feed>> feeds_;
  std::string state_;
  event::Line line_;
  bool report_soon_ = false;
  bool broken_ = false;      // writing has failed
  bool incomplete_ = false;  // something could not be read
  follow::Tail tail_;
};

}  // namespace xlimit::xlog_tail
