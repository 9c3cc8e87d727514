// SPDX-License-Identifier: MIT
// What of an earlier process's last words is not out yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "outbox/slate.h"

namespace xlimit::outbox {

// What a descriptor leads to.
Target describe_target(int fd);

// How much of `text` stands in `region`, the end of a file that one write(2), or a part of it, appended it
// to; others may append to the same file. 0 when nothing of it is there. A line counts with its newline, or
// when nothing follows its part.
std::size_t went_out(std::string_view region, std::string_view text);

// How much of the text is out. Looks into the file that it went to. A line of which a part is out counts from
// its end only if what is written next goes on right there: to the same target, `now`, and if that is a
// regular file, at this `position`. Else it is to come whole.
std::size_t count_sent(const Remains& remains, const Target& now, std::uint64_t position);

// Where the line begins that `at` is in.
std::size_t line_start(std::string_view text, std::size_t at);

}  // namespace xlimit::outbox
