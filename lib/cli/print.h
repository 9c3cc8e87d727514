// SPDX-License-Identifier: MIT
// Writing to stdout and stderr that never throws: what could not be written is told once, at the end.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

#include "base/result.h"

namespace xlimit::cli {

// To stdout, through its buffer. What went wrong is remembered for finish_printing().
void write_out(std::string_view text);
template <class... Args>
void print(fmt::format_string<Args...> format, Args&&... args) {
  write_out(fmt::format(format, std::forward<Args>(args)...));
}

// Flushes stdout. Fails with kIo when it did not take everything, now or earlier; a reader that went away has
// seen what it wanted and is no failure. Command::run does this after the body.
base::Result<void> finish_printing();

// One line to stderr, "PROGRAM: TEXT"; when nobody can read it there is nobody to be told.
void complain(std::string_view program, std::string_view text);

}  // namespace xlimit::cli
