// SPDX-License-Identifier: MIT
// Rows on stdout.
#include "cli/table.h"

#include <unistd.h>

#include <algorithm>

#include "cli/print.h"

namespace xlimit::cli {
namespace {

void print_row(const Row& row, const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i + 1 < row.size(); ++i) print("{:<{}}  ", row[i], widths[i]);
  print("{}\n", row.empty() ? "" : row.back());
}

}  // namespace

Format resolve(Format format) {
  if (format != Format::automatic) return format;
  return ::isatty(STDOUT_FILENO) == 1 ? Format::table : Format::json;
}

void print_table(const Row& heading, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  std::vector<std::size_t> widths(heading.size());
  for (std::size_t i = 0; i < heading.size(); ++i) {
    widths[i] = heading[i].size();
    for (const Row& row : rows) widths[i] = std::max(widths[i], row[i].size());
  }
  print_row(heading, widths);
  for (const Row& row : rows) print_row(row, widths);
}

void print_plain(const std::vector<Row>& rows) {
  for (const Row& row : rows) print_row(row, std::vector<std::size_t>(row.size()));
}

}  // namespace xlimit::cli
