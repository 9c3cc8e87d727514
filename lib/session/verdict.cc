// SPDX-License-Identifier: MIT
// The words of a verdict.
#include "session/verdict.h"

namespace xlimit::session {

std::string_view word(Action action) {
  switch (action) {
    case Action::ban: return "ban";
    case Action::report: return "report";
    case Action::spared: return "spared";
  }
  return "";
}

void add_clause(std::string& why, std::string_view clause) {
  if (!why.empty()) why += "; ";
  why += clause;
}

}  // namespace xlimit::session
