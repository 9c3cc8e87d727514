// SPDX-License-Identifier: MIT
// The words of a verdict.
#include "session/verdict.h"

#include "base/number.h"

namespace xlimit::session {

std::string_view word(Action action) {
  switch (action) {
    case Action::ban: return "ban";
    case Action::report: return "report";
    case Action::spared: return "spared";
  }
  return "";
}

std::string for_how_long(std::chrono::seconds duration) {
  return "for " + (duration.count() == 0 ? "good" : base::format_duration(duration));
}

void add_clause(std::string& why, std::string_view clause) {
  if (!why.empty()) why += "; ";
  why += clause;
}

}  // namespace xlimit::session
