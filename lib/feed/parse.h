// SPDX-License-Identifier: MIT
// Reads lists of addresses as they are published: an address, a prefix (host bits may be set) or a range
// "a-b" a line, with whatever words behind a blank; comments from '#' or ';'; columns of CSV and of hosts
// files, of which the first counts. Pure.
//
//   feed::Parsed parsed = feed::parse(text);
//   parsed.ranges.unite();
//
// A list that is too long to be held comes in pieces:
//
//   feed::Parser parser;
//   parser.add(piece); ...
//   feed::Parsed parsed = parser.finish();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ip/ranges.h"

namespace xlimit::feed {

struct Parsed {
  ip::Ranges ranges;          // as they came, not united
  std::uint64_t entries = 0;  // lines that hold one
  std::uint64_t invalid = 0;  // lines that hold something else; a first line of column names is none
  std::string sample;         // the first of these, cut to kSample bytes, fit for a terminal
};

inline constexpr std::size_t kSample = 80;

class Parser {
 public:
  // Pieces may end anywhere; what is behind the last line break is held until the next.
  void add(std::string_view piece);
  // Once, behind the last piece.
  Parsed finish();

 private:
  // The unfinished line, which is complete now, without the byte order mark if it is the first.
  std::string_view without_mark();
  void take(std::string_view lines);
  void take_line(std::string_view whole);

  Parsed parsed_;
  std::string rest_;  // an unfinished line
  bool first_ = true, begun_ = false;
};

Parsed parse(std::string_view text);

}  // namespace xlimit::feed
