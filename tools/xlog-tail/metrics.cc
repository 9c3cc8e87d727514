// SPDX-License-Identifier: MIT
// What --metrics tells.
#include "xlog-tail/program.h"

namespace xlimit::xlog_tail {

void Program::count(metrics::Page& page) const {
  const auto each_feed = [&](std::string_view name, std::string_view help, const auto& amount) {
    page.metric(name, help);
    for (const auto& feed : feeds_) page.value(amount(*feed), {{"file", feed->file()}});
  };
  const auto each_kind = [&](std::string_view name, std::string_view help, bool bytes) {
    page.metric(name, help);
    for (const auto& feed : feeds_) {
      feed->each_kind([&](std::string_view kind, bool in_bytes, std::uint64_t amount) {
        if (in_bytes == bytes) page.value(amount, {{"file", feed->file()}, {"kind", kind}});
      });
    }
  };
  page.metric("xlimit_xlog_tail_files", "Files and pipes that are open.", tail_.open());
  each_feed("xlimit_xlog_tail_lines_total", "Lines that were read.",
            [](const xlog::Feed& feed) { return feed.lines(); });
  each_feed("xlimit_xlog_tail_bytes_total", "Bytes of these lines.",
            [](const xlog::Feed& feed) { return feed.bytes(); });
  each_feed("xlimit_xlog_tail_events_total", "Lines that became an access event.",
            [](const xlog::Feed& feed) { return feed.events(); });
  each_kind("xlimit_xlog_tail_other_lines_total", "Lines that did not, by kind.", false);
  each_kind("xlimit_xlog_tail_missed_bytes_total", "Bytes that were written and not read, by kind.", true);
}

}  // namespace xlimit::xlog_tail
