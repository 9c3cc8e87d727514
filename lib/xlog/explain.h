// SPDX-License-Identifier: MIT
// How one line is read, step by step, for people.
#pragma once

#include <string>
#include <string_view>

#include "xlog/reader.h"

namespace xlimit::xlog {

// Several lines of text, each with its newline: the parts that were found, the verdict, and the event if it
// is one.
std::string explain(Reader& reader, std::string_view line);

}  // namespace xlimit::xlog
