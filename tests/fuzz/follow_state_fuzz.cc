// SPDX-License-Identifier: MIT
// Any bytes as the places of an earlier run: no crash, and what is taken is written and read again as the
// same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "follow/place.h"

namespace {

using namespace xlimit;

std::string text_of(const follow::State& state) {
  std::string text;
  for (const follow::LogState& log : state.logs) {
    follow::append_log(text, log.log);
    for (const follow::Place& place : log.open) follow::append(text, place);
    for (const follow::Done& done : log.done) follow::append(text, done);
    if (!log.note.empty()) follow::append_note(text, log.note);
  }
  for (const follow::Pattern& pattern : state.patterns) follow::append(text, pattern);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto state = follow::parse_state({reinterpret_cast<const char*>(data), size});
  if (state && follow::parse_state(text_of(*state)) != state) std::abort();
  return 0;
}
