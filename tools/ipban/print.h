// SPDX-License-Identifier: MIT
// Rows on stdout, as a person or as a program wants them.
#pragma once

#include <string>
#include <vector>

#include "ipban/settings.h"

namespace xlimit::ipban {

// Table on a terminal, else json.
Format resolve(Format format);

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, with a heading; nothing when there are no rows.
void print_table(const Row& heading, const std::vector<Row>& rows);
// Cells with a blank between them.
void print_plain(const std::vector<Row>& rows);

// "53s", "permanent".
std::string show_remaining(std::chrono::seconds remaining);

}  // namespace xlimit::ipban
