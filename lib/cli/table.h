// SPDX-License-Identifier: MIT
// Rows on stdout: a table for people, bare columns for programs that split at blanks, or JSON of the
// caller's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xlimit::cli {

// What -o says.
enum class Format : std::uint8_t { automatic, table, json, plain };
// Table on a terminal, else json.
Format resolve(Format format);

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, with a heading; nothing when there are no rows.
void print_table(const Row& heading, const std::vector<Row>& rows);
// Cells with a blank between them.
void print_plain(const std::vector<Row>& rows);

}  // namespace xlimit::cli
