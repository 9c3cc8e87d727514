// SPDX-License-Identifier: MIT
// Any bytes as a log line: no crash, and what becomes an event is one sound line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "event/encode.h"
#include "xlog/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xlimit;
  static xlog::Reader reader{[](base::LocalMinute minute) {
    const base::Time at{minute.time_since_epoch()};
    return base::UtcCandidates{at, at};
  }};
  const xlog::Reading& reading = reader.read({reinterpret_cast<const char*>(data), size});
  if (reading.why.empty()) std::abort();
  if (reading.kind != xlog::Kind::access) return 0;
  if (!reading.access.ip) std::abort();
  event::Line line;
  const std::string_view encoded = event::encode(reading.access, line);
  if (encoded.size() > event::kMaxLine || encoded.find('\n') != encoded.size() - 1) std::abort();
  return 0;
}
