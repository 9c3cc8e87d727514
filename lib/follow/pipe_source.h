// SPDX-License-Identifier: MIT
// Lines from stdin, a FIFO, or the output of a program, which cannot be read twice.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "stream/child.h"
#include "stream/lines.h"
#include "stream/loop.h"

namespace xlimit::follow {

class PipeSource {
 public:
  struct Handlers {
    std::function<void(const stream::Piece&)> piece;
    std::function<void(const std::string& text)> warning;
    std::function<void()> on_read;  // something was given, or it has ended
  };

  // "-" for stdin, or a FIFO. One without a writer is not at its end when following: the next writer may
  // come.
  static base::Result<std::unique_ptr<PipeSource>> open(stream::Loop& loop, const std::string& path,
                                                        bool follow, Handlers handlers);
  // The output of a program. Following, it is started again when it ends, after a second and then longer and
  // longer; otherwise its failure ends the loop, with kUnavailable.
  static base::Result<std::unique_ptr<PipeSource>> run(stream::Loop& loop, std::vector<std::string> words,
                                                       bool follow, Handlers handlers);

  bool ended() const { return ended_; }
  // Nothing is read until it is resumed.
  void pause();
  void resume();
  // From inside handlers.piece: no more lines for now.
  void hold_back() {
    if (giving_) lines_.hold_back();
  }
  bool holds() const { return lines_.holds(); }
  void give_held();

 private:
  PipeSource(stream::Loop& loop, std::string name, bool follow, Handlers handlers);
  int number() const { return child_ ? child_->fd() : fd_ ? fd_.get() : STDIN_FILENO; }
  void watch();
  void read();
  void end();
  void end_child();
  void restart_later(const std::string& why);
  void restart();

  stream::Loop& loop_;
  std::string name_;
  bool follow_;
  Handlers handlers_;
  stream::Lines lines_;
  base::Fd fd_;  // empty for stdin
  std::optional<stream::Watch> watch_;
  bool ended_ = false, paused_ = false, giving_ = false;

  // Of a program only.
  std::vector<std::string> words_;
  std::optional<stream::Child> child_;
  std::chrono::seconds pause_{};
  std::chrono::steady_clock::time_point started_;
  std::optional<stream::Timer> restart_;
};

}  // namespace xlimit::follow
