// SPDX-License-Identifier: MIT
// One source of lines: events out, and an account of what did not become one.
//
//   xlog::Feed feed{"access.log", node, base::to_utc};
//   length = feed.take(line, out);                            // 0 when the line is no event
//   feed.report(now, false, [&](const event::Source& source) { ... });
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "event/encode.h"
#include "xlog/reader.h"

namespace xlimit::xlog {

class Feed {
 public:
  // A kind is reported once in this time at most, and at the end.
  static constexpr std::chrono::seconds kPeriod{60};
  // A sample is cut to so many bytes.
  static constexpr std::size_t kSample = 200;

  Feed(std::string file, std::string node, Zone zone);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Writes the event as a line to `out`, which has room for event::kMaxLine, and returns its length.
  std::size_t take(std::string_view line, char* out) {
    ++lines_;
    bytes_ += line.size() + 1;
    const Reading& reading = reader_.read(line);
    if (reading.kind != Kind::access) {
      count(reading.kind, line);
      return 0;
    }
    ++events_;
    if (!seen_client_) look_at_source(reading.access);
    return event::encode(reading.access, out).size();
  }
  // A part of a line that is too long; `first`: its beginning.
  void take_part(std::string_view part, bool first);
  // A line whose end is missing.
  void take_half(std::string_view text) {
    ++lines_;
    bytes_ += text.size();
    count(Kind::cut, text);
  }
  // Bytes that were written and not seen; `kind` is "truncated" or "lost".
  void count_bytes(std::string_view kind, std::uint64_t bytes) { add(kind, bytes); }

  // Gives the account of every kind that has something new and whose time has come, or of all at the end. The
  // time in it is that of the newest line, or `now` when no line had one.
  void report(base::Time now, bool end, const std::function<void(const event::Source&)>& emit);

  // Counted since the start: all lines and their bytes, those that became events, and what did not by kind,
  // which is in bytes for "truncated" and "lost".
  std::uint64_t lines() const { return lines_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t events() const { return events_; }
  void each_kind(
      const std::function<void(std::string_view kind, bool in_bytes, std::uint64_t amount)>& on_kind) const;

  // What was counted and not reported yet, and the time of the newest line: to remember over a restart, and
  // to go on with then. The samples are forgotten.
  std::string note() const;
  void recall(std::string_view note);

  Reader& reader() { return reader_; }
  const std::string& file() const { return file_; }

  // What the operator should change, told once: the log hides its sources, or a proxy stands before the core.
  // Empty when there is nothing (new) to tell.
  std::string_view trouble();

 private:
  struct Account {
    std::string_view kind;
    bool in_bytes = false;
    bool open = false;  // something new
    std::uint64_t amount = 0;
    std::uint64_t reported_amount = 0;
    std::string sample;
    std::optional<base::Time> reported;
  };
  void count(Kind kind, std::string_view line);
  void look_at_source(const event::Access& access);
  void add(std::string_view kind, std::uint64_t amount);

  // Of lines of every kind but `access`, and two of bytes.
  static constexpr std::size_t kKinds = static_cast<std::size_t>(kLastKind) + 2;
  std::string file_, node_;
  Reader reader_;
  std::array<Account, kKinds> accounts_;
  std::uint64_t lines_ = 0, bytes_ = 0, events_ = 0;
  std::uint64_t local_ = 0, masked_ = 0;  // lines from loopback with a user, and masked ones
  bool seen_client_ = false, told_ = false;
};

}  // namespace xlimit::xlog
