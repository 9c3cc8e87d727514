// SPDX-License-Identifier: MIT
// One line of a list after the other.
#include "feed/parse.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace xlimit::feed {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

// The first of several columns, without quotes.
std::string_view first_column(std::string_view line) {
  std::string_view column = base::trimmed(line.substr(0, line.find(',')));
  if (column.size() >= 2 && column.front() == '"' && column.back() == '"')
    column = base::trimmed(column.substr(1, column.size() - 2));
  return column;
}

// What follows an address behind a blank is a host's name or a remark.
std::string_view first_word(std::string_view text) { return text.substr(0, text.find_first_of(kBlanks)); }

// The address that a column with a dash begins with: it is a range, or wrong.
std::optional<ip::Address> begin_of_range(std::string_view column, std::size_t dash) {
  if (dash == std::string_view::npos) return {};
  return ip::parse_address(base::trimmed(column.substr(0, dash)));
}

bool add_entry(std::string_view column, ip::Ranges& ranges) {
  const std::size_t dash = column.find('-');
  if (const std::optional<ip::Address> from = begin_of_range(column, dash)) {
    const std::optional<ip::Address> to =
        ip::parse_address(first_word(base::trimmed(column.substr(dash + 1))));
    return to && ranges.add(*from, *to);
  }
  const std::string_view word = first_word(column);
  if (const std::optional<ip::Prefix> prefix = ip::parse_prefix(word)) {
    ranges.add(*prefix);
    return true;
  }
  const std::optional<unsigned> length = ip::parse_around_mapped(word);
  if (length) ranges.add_around_mapped(*length);
  return length.has_value();
}

// Nearly every line is nothing but an address or prefix. One look at each character tells.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (const char c : std::string_view{"0123456789abcdefABCDEF:./"})
    plain[static_cast<unsigned char>(c)] = true;
  return plain;
}();

std::size_t plain_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && kPlain[static_cast<unsigned char>(text[length])]) ++length;
  return length;
}

}  // namespace

void Parser::take_line(std::string_view whole) {
  const std::string_view line = base::trimmed(whole.substr(0, whole.find_first_of("#;")));
  if (line.empty()) return;
  if (add_entry(first_column(line), parsed_.ranges)) {
    ++parsed_.entries;
  } else if (!first_ || line.find(',') == std::string_view::npos) {
    if (++parsed_.invalid == 1) parsed_.sample = base::printable(line.substr(0, kSample));
  }
  first_ = false;
}

void Parser::take(std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t plain = plain_length(lines);
    if (plain > 0 && (plain == lines.size() || lines[plain] == '\n')) {
      if (const std::optional<ip::Prefix> prefix = ip::parse_prefix(lines.substr(0, plain))) {
        parsed_.ranges.add(*prefix);
        ++parsed_.entries;
        first_ = false;
        lines.remove_prefix(std::min(plain + 1, lines.size()));
        continue;
      }
    }
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    take_line(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void Parser::add(std::string_view piece) {
  const std::size_t last = piece.rfind('\n');
  if (last == std::string_view::npos) {
    rest_ += piece;
    return;
  }
  std::string_view lines = piece.substr(0, last + 1);
  if (!rest_.empty() || !begun_) {
    const std::size_t end = lines.find('\n') + 1;
    rest_ += lines.substr(0, end);
    lines.remove_prefix(end);
    take(without_mark());
    rest_.clear();
  }
  take(lines);
  rest_ = piece.substr(last + 1);
}

std::string_view Parser::without_mark() {
  return std::exchange(begun_, true) ? std::string_view{rest_} : base::skip_byte_order_mark(rest_);
}

Parsed Parser::finish() {
  take(without_mark());
  rest_.clear();
  return std::move(parsed_);
}

Parsed parse(std::string_view text) {
  Parser parser;
  parser.add(text);
  return parser.finish();
}

}  // namespace xlimit::feed
