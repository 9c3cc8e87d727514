// SPDX-License-Identifier: MIT
// How the values of session-detect's own options are written.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "session/policy.h"

namespace xlimit::session {

// "2:1d": each further ban twice as long, at most a day. The factor may have a fraction and is at least 1.
// Empty: all bans are of one length. Fails with kUsage.
base::Result<void> read_value(std::string_view text, Escalation& value);
std::string show_value(const Escalation& value);

// What an @FILE of --exempt-... holds: one word a line, which may hold blanks. Empty lines and '#' lines say
// nothing; a '#' behind a blank is refused, for it may be meant as a comment or be part of a name. Fails with
// kData and "FILE:LINE: why", also when `take` does.
base::Result<void> read_words(const std::string& file, std::string_view text,
                              const std::function<base::Result<void>(std::string_view)>& take);

}  // namespace xlimit::session
