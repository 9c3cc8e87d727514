// SPDX-License-Identifier: MIT
// Two columns, wrapped.
#include "cli/help.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace xlimit::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kWidestLeft = 24;

// Appends `text` in words, going on in column `column` after each line break.
void wrap(std::string& out, std::string_view text, std::size_t column) {
  std::size_t at = column;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (at > column && at + 1 + word.size() > kWidth) {
      out += '\n' + std::string(column, ' ');
      at = column;
    } else if (at > column) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
  }
  out += '\n';
}

std::size_t left_width(const HelpPage& page) {
  std::size_t width = 0;
  for (const auto* rows : {&page.verbs, &page.arguments, &page.options, &page.common}) {
    for (const HelpRow& row : *rows) width = std::max(width, row.left.size());
  }
  return std::min(width, kWidestLeft);
}

void put_rows(std::string& out, std::string_view title, const std::vector<HelpRow>& rows, std::size_t width) {
  if (rows.empty()) return;
  out += fmt::format("\n{}:\n", title);
  const std::size_t column = kIndent + width + 2;
  for (const HelpRow& row : rows) {
    out += fmt::format("{:{}}{:<{}}", "", kIndent, row.left, width);
    out += row.left.size() > width ? '\n' + std::string(column, ' ') : "  ";
    wrap(out, row.right, column);
  }
}

}  // namespace

std::string format_help(const HelpPage& page) {
  std::string out = "Usage: ";
  wrap(out, page.usage, 7);
  wrap(out, page.summary, 0);
  const std::size_t width = left_width(page);
  put_rows(out, "Verbs", page.verbs, width);
  put_rows(out, "Arguments", page.arguments, width);
  put_rows(out, "Options", page.options, width);
  put_rows(out, "Common options", page.common, width);
  return out;
}

}  // namespace xlimit::cli
