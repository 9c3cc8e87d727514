// SPDX-License-Identifier: MIT
// How the values of session-detect's own options are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"
#include "session/policy.h"

namespace xlimit::session {

// "2:1d": each further ban twice as long, at most a day. The factor may have a fraction and is at least 1.
// Fails with kUsage.
base::Result<void> read_value(std::string_view text, Escalation& value);
std::string show_value(const Escalation& value);

// One name or prefix a line, with '#' comments and empty lines: what an @FILE of --exempt-... holds.
std::vector<std::string> parse_names(std::string_view text);
// Fails with kUsage and the first word that is none.
base::Result<std::vector<ip::Prefix>> to_prefixes(const std::vector<std::string>& words);

}  // namespace xlimit::session
