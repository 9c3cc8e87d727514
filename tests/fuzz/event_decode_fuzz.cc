// SPDX-License-Identifier: MIT
// Any bytes as an event: no crash, and what is understood can be written again and is then understood the
// same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "event/decode.h"
#include "event/encode.h"

namespace {

using namespace xlimit;

event::Event decode(event::Decoder& decoder, std::string& buffer, std::string_view line) {
  buffer.assign(line);
  buffer.resize(line.size() + event::kPadding);
  return decoder.decode({buffer.data(), line.size()});
}

template <class T>
void check_round_trip(const T& event) {
  static event::Decoder again;
  static std::string buffer;
  event::Line line, second;
  const std::string_view written = event::encode(event, line);
  if (written.size() > event::kMaxLine || written.find('\n') != written.size() - 1) std::abort();
  const event::Event read = decode(again, buffer, written.substr(0, written.size() - 1));
  const T* same = std::get_if<T>(&read);
  if (same == nullptr || event::encode(*same, second) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static event::Decoder decoder;
  static std::string buffer;
  const event::Event event = decode(decoder, buffer, {reinterpret_cast<const char*>(data), size});
  if (const auto* access = std::get_if<event::Access>(&event)) check_round_trip(*access);
  if (const auto* ban = std::get_if<event::Ban>(&event)) check_round_trip(*ban);
  if (const auto* banned = std::get_if<event::Banned>(&event)) check_round_trip(*banned);
  if (const auto* unban = std::get_if<event::Unban>(&event)) check_round_trip(*unban);
  if (const auto* unbanned = std::get_if<event::Unbanned>(&event)) check_round_trip(*unbanned);
  if (const auto* list = std::get_if<event::List>(&event)) check_round_trip(*list);
  return 0;
}
