// SPDX-License-Identifier: MIT
// The detector as a stage of the pipeline.
#pragma once

#include <memory>
#include <optional>

#include "session-detect/counts.h"
#include "session-detect/proof.h"
#include "session-detect/settings.h"
#include "session-detect/state.h"
#include "session/detector.h"
#include "stage/stage.h"

namespace session_detect {

class Judge {
 public:
  Judge(const cli::Command& command, const Settings& settings, session::Limits limits);

  // Opens what --verify and --state need.
  base::Result<void> open();
  base::Result<base::Exit> run();

 private:
  const std::string& node() const { return command_.common().node; }
  void look_ahead(const stream::Piece& line);
  base::Result<bool> take(const event::Event& event, const stream::Piece& line, stream::Output& out);
  void skip_judged(stream::Filter& input);
  base::Result<void> drained(stream::Filter& input, stream::Output& out);
  base::Result<void> tell_sources(stream::Output& out);
  base::Result<void> end(stream::Output& out);
  base::Result<base::Exit> finish(base::Result<base::Exit> ended, const stream::Output& out);
  base::Result<void> record(stream::Output& out);
  void reread_limits();

  const cli::Command& command_;
  const Settings& settings_;
  session::Limits limits_;
  std::string origin_;
  std::unique_ptr<Proof> proof_;
  Counts counts_;
  std::optional<session::Detector> detector_;
  std::unique_ptr<StateFile> state_;
  bool banned_ = false;    // somebody, since the input was last drained
  bool expected_ = false;  // the detector was told of the next line
};

}  // namespace session_detect
