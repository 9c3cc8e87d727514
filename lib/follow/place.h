// SPDX-License-Identifier: MIT
// Where reading is, as lines of text that are kept over restarts (pure).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "follow/identity.h"

namespace xlimit::follow {

// A file that is being read.
struct Place {
  Identity file;
  std::uint64_t offset = 0;  // lines were given up to here
  std::uint64_t size = 0;    // it was so long
  Mark mark;
  std::int64_t written = 0;  // its last write when that was looked at last, nanoseconds since 1970
  std::string path;          // where it was when it was opened
  bool leaving = false;      // a copy, or one that is given up: nobody writes to it any more

  // So many bytes, at least.
  std::uint64_t unread() const {
    const std::uint64_t end = std::max(size, mark.end);
    return end - std::min(end, offset);
  }
  bool operator==(const Place&) const = default;
};

// A rotated file of which there is nothing to read: it was read, or was there before us, or is a copy.
struct Done {
  Identity file;
  Mark mark;                 // how it ends
  std::int64_t written = 0;  // its last write, nanoseconds since 1970
  bool read = false;         // all of it was given, by itself or by the file that it is a copy of

  bool operator==(const Done&) const = default;
};

// A log that was cut short in place.
struct CutOff {
  std::uint64_t end = 0;   // at least so much of it had been written
  std::uint64_t hole = 0;  // how much, by the hole its writer left; 0: not known yet

  bool operator==(const CutOff&) const = default;
};

struct LogState {
  std::string log;          // the path it is followed by
  std::vector<Place> open;  // none: the log was not there
  std::vector<Done> done;
  std::string note;  // what whoever takes the lines wants to remember
  std::optional<CutOff> cut = {};

  bool operator==(const LogState&) const = default;
};

struct Pattern {
  std::string path;
  std::int64_t since = 0;  // files that were born later are new, nanoseconds since 1970; 0: not known

  bool operator==(const Pattern&) const = default;
};

struct State {
  std::vector<LogState> logs;
  std::vector<Pattern> patterns;

  const LogState* find(std::string_view log) const;
  bool operator==(const State&) const = default;
};

// The parts, each as a line at the end of `text`. A log's own lines follow the line that names it.
void append_log(std::string& text, std::string_view log);
void append(std::string& text, const Place& place);
void append(std::string& text, const Done& done);
void append(std::string& text, const CutOff& cut);
void append_note(std::string& text, std::string_view note);
void append(std::string& text, const Pattern& pattern);
void append(std::string& text, const LogState& log);

// Absent when it is none of ours.
std::optional<State> parse_state(std::string_view text);

}  // namespace xlimit::follow
