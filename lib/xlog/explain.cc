// SPDX-License-Identifier: MIT
// One row a field, then the verdict and, for an access, its event.
#include "xlog/explain.h"

#include <array>

#include "base/text.h"
#include "event/encode.h"

namespace xlimit::xlog {
namespace {

void add(std::string& text, std::string_view name, std::string_view value, std::string_view meaning = {}) {
  if (value.empty()) return;
  text.append(name)
      .append(std::string(13 - name.size(), ' '))
      .append("'" + base::without_controls(value) + "'");
  if (!meaning.empty()) text.append("  ").append(meaning);
  text.append("\n");
}

std::string utc(base::Time at) {
  std::array<char, base::kTimeLength> text;
  return {text.data(), base::format_time(at, text.data())};
}

std::string_view meaning(event::Route route) {
  switch (route) {
    case event::Route::rule: return "a routing rule chose the way";
    case event::Route::fallback: return "no rule matched: the default way";
    case event::Route::forced: return "the way was forced";
    case event::Route::unknown: return "outbound only, or no arrow that can be told";
  }
  return "";
}

}  // namespace

std::string explain(Reader& reader, std::string_view line) {
  const Reading& reading = reader.read(line);
  const bool rejected = reading.status == "rejected";
  std::string text;
  add(text, "prefix", reading.prefix, "put there by others");
  add(text, "time", reading.stamp, reading.stamp.empty() ? "" : utc(reading.access.at));
  add(text, "source", reading.source);
  add(text, "status", reading.status);
  add(text, "destination", reading.destination);
  add(text, "detour", reading.detour, meaning(reading.access.route));
  add(text, rejected ? "reason" : "user", rejected ? reading.access.reason : reading.access.user);
  text.append("verdict      ").append(word(reading.kind)).append(": ").append(reading.why).append("\n");
  if (reading.kind != Kind::access) return text;
  event::Line encoded;
  return text.append(event::encode(reading.access, encoded));
}

}  // namespace xlimit::xlog
