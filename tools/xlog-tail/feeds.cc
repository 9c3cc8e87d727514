// SPDX-License-Identifier: MIT
// The accounts of the sources: what goes in, what is reported, what --metrics tells.
#include <algorithm>

#include "base/clock.h"
#include "base/zone.h"
#include "xlog-tail/program.h"

namespace xlimit::xlog_tail {

// A log that was away for long keeps its account.
xlog::Feed* Program::find_feed(const std::string& name) {
  const auto known =
      std::find_if(feeds_.begin(), feeds_.end(), [&](const auto& feed) { return feed->file() == name; });
  if (known != feeds_.end()) return known->get();
  feeds_.push_back(std::make_unique<xlog::Feed>(name, command_.common().node, base::to_utc));
  if (settings_.begins() == follow::From::end) feeds_.back()->reader().set_last(base::now());
  return feeds_.back().get();
}

follow::Follower::Sink Program::open_feed(const std::string& name) {
  xlog::Feed* feed = find_feed(name);
  return {.piece = [this, feed](const stream::Piece& piece) { take(*feed, piece); },
          .half = [feed](std::string_view text) { feed->take_half(text); },
          .gap =
              [this, feed](follow::Gap gap, std::uint64_t bytes) {
                feed->count_bytes(gap == follow::Gap::lost ? "lost" : "truncated", bytes);
                report_soon_ = true;
              },
          .warning =
              [this](const std::string& text) {
                command_.warn(text);
                incomplete_ = true;
              },
          .note = [feed] { return feed->note(); },
          .recall = [feed](const std::string& note) { feed->recall(note); }};
}

void Program::take(xlog::Feed& feed, const stream::Piece& piece) {
  if (piece.whole()) {
    out_.wrote(feed.take(piece.text, out_.room(event::kMaxLine)));
    if (out_.full()) tail_.hold_back();
  } else {
    feed.take_part(piece.text, piece.first);
  }
}

// Whether there was room for all of it.
bool Program::report(bool end) {
  for (const std::unique_ptr<xlog::Feed>& feed : feeds_) {
    if (out_.full()) return false;
    feed->report(base::now(), end,
                 [&](const event::Source& source) { out_.write(event::encode(source, line_)); });
    if (const std::string_view trouble = feed->trouble(); !trouble.empty())
      command_.warn("'" + feed->file() + "': " + std::string{trouble});
  }
  return true;
}

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
