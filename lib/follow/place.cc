// SPDX-License-Identifier: MIT
// A word that says what the line is, numbers, and a path or text that takes the rest of the line.
#include "follow/place.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace xlimit::follow {
namespace {

void append_number(std::string& text, auto value, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  text.append(digits.data(), static_cast<std::size_t>(end - digits.data())).push_back(' ');
}

// The rest of a line, and its end. Paths may hold newlines.
void append_rest(std::string& text, std::string_view rest) {
  for (const char c : rest) {
    if (c == '\n' || c == '\\') text.push_back('\\');
    text.push_back(c == '\n' ? 'n' : c);
  }
  text.push_back('\n');
}

std::string unescape(std::string_view rest) {
  std::string text;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const bool escaped = rest[i] == '\\' && i + 1 < rest.size();
    if (escaped) ++i;
    text.push_back(escaped && rest[i] == 'n' ? '\n' : rest[i]);
  }
  return text;
}

void append_identity(std::string& text, const Identity& file) {
  append_number(text, file.device);
  append_number(text, file.inode);
  append_number(text, file.birth);
  append_number(text, file.head_length);
  append_number(text, file.head_hash, 16);
}

void append_mark(std::string& text, const Mark& mark) {
  append_number(text, mark.end);
  append_number(text, mark.length);
  append_number(text, mark.hash, 16);
}

// The number at the front of `text`, with the blank behind it taken off too.
template <class T>
bool take(std::string_view& text, T& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

bool take(std::string_view& text, Identity& file) {
  return take(text, file.device) && take(text, file.inode) && take(text, file.birth) &&
         take(text, file.head_length) && take(text, file.head_hash, 16);
}

bool take(std::string_view& text, Mark& mark) {
  return take(text, mark.end) && take(text, mark.length) && take(text, mark.hash, 16);
}

bool take(std::string_view& text, Place& place) {
  const bool read = take(text, place.file) && take(text, place.offset) && take(text, place.size) &&
                    take(text, place.mark) && take(text, place.written);
  place.path = unescape(text);
  return read;
}

bool take(std::string_view& text, Done& done) {
  return take(text, done.file) && take(text, done.mark) && take(text, done.written);
}

// One line into the state. False when it is none of ours.
bool take_line(State& state, std::string_view word, std::string_view rest) {
  if (word == "log") {
    state.logs.push_back({.log = unescape(rest), .open = {}, .done = {}, .note = {}});
    return true;
  }
  if (word == "pattern") {
    state.patterns.push_back({.path = unescape(rest)});
    return true;
  }
  if (word == "since") return !state.patterns.empty() && take(rest, state.patterns.back().since);
  if (state.logs.empty()) return false;
  LogState& log = state.logs.back();
  if (word == "open" || word == "copy") {
    log.open.emplace_back().leaving = word == "copy";
    return take(rest, log.open.back());
  }
  if (word == "done" || word == "known") {
    log.done.emplace_back().read = word == "done";
    return take(rest, log.done.back());
  }
  if (word == "cut") {
    log.cut.emplace();
    return take(rest, log.cut->end) && take(rest, log.cut->hole);
  }
  if (word == "note") log.note = unescape(rest);
  return word == "note";
}

}  // namespace

const LogState* State::find(std::string_view log) const {
  const auto found =
      std::find_if(logs.begin(), logs.end(), [&](const LogState& one) { return one.log == log; });
  return found == logs.end() ? nullptr : &*found;
}

void append_log(std::string& text, std::string_view log) { append_rest(text.append("log "), log); }
void append_note(std::string& text, std::string_view note) { append_rest(text.append("note "), note); }
void append(std::string& text, const Pattern& pattern) {
  append_rest(text.append("pattern "), pattern.path);
  append_number(text.append("since "), pattern.since);
  text.push_back('\n');
}

void append(std::string& text, const Place& place) {
  append_identity(text.append(place.leaving ? "copy " : "open "), place.file);
  append_number(text, place.offset);
  append_number(text, place.size);
  append_mark(text, place.mark);
  append_number(text, place.written);
  append_rest(text, place.path);
}

void append(std::string& text, const Done& done) {
  append_identity(text.append(done.read ? "done " : "known "), done.file);
  append_mark(text, done.mark);
  append_number(text, done.written);
  text.push_back('\n');
}

void append(std::string& text, const CutOff& cut) {
  append_number(text.append("cut "), cut.end);
  append_number(text, cut.hole);
  text.push_back('\n');
}

void append(std::string& text, const LogState& log) {
  append_log(text, log.log);
  for (const Place& place : log.open) append(text, place);
  for (const Done& done : log.done) append(text, done);
  if (log.cut) append(text, *log.cut);
  append_note(text, log.note);
}

std::optional<State> parse_state(std::string_view text) {
  State state;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    if (newline == std::string_view::npos) return {};
    const std::string_view line = text.substr(0, newline);
    const std::size_t blank = std::min(line.find(' '), line.size() - 1);
    if (line.empty() || !take_line(state, line.substr(0, blank), line.substr(blank + 1))) return {};
    text.remove_prefix(newline + 1);
  }
  return state;
}

}  // namespace xlimit::follow
