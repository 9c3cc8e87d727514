// SPDX-License-Identifier: MIT
// What others put before the core's line: syslog, journald in its short output forms, logread, container
// runtimes, s6-log, v2rayA, a panel's word.
#pragma once

#include <optional>
#include <string_view>

#include "xlog/stamp.h"

namespace xlimit::xlog {

struct Prefix {
  std::size_t length = 0;        // of the text before the core's line, with the blank behind it
  std::optional<base::Time> at;  // the time it tells, when it tells a whole date
  bool known = true;             // false: there is text before a stamp that no writer of logs would put there
};

// `line` does not begin with a stamp of the core. Length 0 and known: no prefix at all.
Prefix read_prefix(std::string_view line, Clock& clock);

// "[I] [io.go:429] ", which v2rayA puts between its stamp (in the core's shape) and the core's line; its
// length, or 0.
std::size_t v2raya_length(std::string_view text);

// "[Info] " and its like: what begins a message of the core's error log.
bool is_level(std::string_view text);

// Where " accepted " or " rejected " begins (or stands at the end); npos when nowhere.
std::size_t find_verb(std::string_view text);

}  // namespace xlimit::xlog
