// SPDX-License-Identifier: MIT
// Any bytes as a journal: no crash, and what is kept can be read again and replayed to the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "ledger/ledger.h"

namespace {

using namespace xlimit;

void take(ledger::Ledger& ledger, std::string& buffer, std::string_view line, base::Time now) {
  buffer.assign(line);
  buffer.resize(line.size() + event::kPadding);
  ledger.take({buffer.data(), line.size()}, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Time now = *base::parse_time("2026-06-01T12:00:30Z");
  std::string_view text{reinterpret_cast<const char*>(data), size};
  ledger::Ledger ledger{8}, again{8};
  std::string buffer;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    take(ledger, buffer, text.substr(0, end), now);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  std::size_t kept = 0;
  ledger.each(now, [&](const ledger::Key& key, const ledger::Entry& entry) {
    ++kept;
    const event::Banned banned = ledger.read(entry);
    if (banned.ban.target != key.target || banned.ban.direction != key.direction) std::abort();
    take(again, buffer, entry.line, now);
    if (again.find(key, now) == nullptr || again.find(key, now)->left(now) != entry.left(now)) std::abort();
  });
  if (kept > 8) std::abort();
  return 0;
}
