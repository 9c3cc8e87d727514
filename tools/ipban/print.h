// SPDX-License-Identifier: MIT
// How ipban's rows show things.
#pragma once

#include <chrono>
#include <string>

#include "cli/table.h"
#include "ipban/settings.h"

namespace xlimit::ipban {

using cli::print_plain;
using cli::print_table;
using cli::Row;

// "53s", "permanent".
std::string show_remaining(std::chrono::seconds remaining);

}  // namespace xlimit::ipban
