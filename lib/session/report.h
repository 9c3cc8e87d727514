// SPDX-License-Identifier: MIT
// A verdict as the events it becomes: one violation, and a ban for each target.
#pragma once

#include <functional>
#include <string_view>

#include "session/verdict.h"

namespace xlimit::session {

// Gives the lines to `write`, violation first. `origin` is "node/program". A ban's id depends only on what is
// banned, when and for whom: the same decision made twice has the same id.
void report(const Verdict& verdict, std::string_view node, std::string_view origin,
            const std::function<void(std::string_view)>& write);

}  // namespace xlimit::session
