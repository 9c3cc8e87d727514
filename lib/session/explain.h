// SPDX-License-Identifier: MIT
// One user's time line, for people: what each of his lines changed, and what was decided.
#pragma once

#include <string>
#include <vector>

#include "session/detector.h"

namespace xlimit::session {

class Explainer {
 public:
  // `detector` is fed by hear() alone and must live as long.
  Explainer(Detector& detector, std::string user) : detector_(detector), user_(std::move(user)) {}

  // Every line of the log is to be heard: others make an address a gateway. Gives lines of text, with
  // newlines, for the user's own; nothing for others'.
  std::string hear(const event::Access& access);
  // The sum, as one line with its newline.
  std::string sum() const;

 private:
  bool is_banned(const std::vector<Verdict>& verdicts, const Group& place) const;

  Detector& detector_;
  std::string user_;
  std::vector<Detector::Held> before_;
  std::uint64_t lines_ = 0, violations_ = 0, bans_ = 0;
};

}  // namespace xlimit::session
