// SPDX-License-Identifier: MIT
// Reads one line of an access log of Xray or v2ray, of any version and behind any of the prefixes that
// syslog, journald, containers and panels put before it.
//
//   xlog::Reader reader{base::to_utc};
//   const xlog::Reading& reading = reader.read(line);
//   if (reading.kind == xlog::Kind::access) use(reading.access);
//   else count(reading.kind, line);
//
// A line is never guessed at: what is not surely a record with a client's address is given a kind and
// counted. Nothing is allocated; the texts point into the line. The clock is not asked: times are those in
// the log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/zone.h"
#include "event/encode.h"
#include "event/event.h"
#include "xlog/fields.h"
#include "xlog/stamp.h"

namespace xlimit::xlog {

// The longest line that is read, without its newline.
inline constexpr std::size_t kMaxLine = 64 * 1024;

enum class Kind : std::uint8_t {
  access,      // an event
  log,         // the core's own messages and banners
  dns,         // answers of the core's resolver, and its own connections
  no_address,  // a unix socket, the DoH client, nothing, a word, 0.0.0.0 or [::] as the address
  masked,      // the core's maskAddress setting took the address away
  cut,         // a record that lost its head, its tail or its time
  joined,      // two lines run into one
  too_long,    // longer than kMaxLine, or a user name beyond event::kMaxUser
  control,     // holds control characters: not what the core wrote, or forged
  foreign,     // anything else
};
inline constexpr Kind kLastKind = Kind::foreign;

// The word in `source` events: "no-address".
std::string_view word(Kind kind);

// How a line was read. The parts are for people (--explain); those that were not reached are empty.
struct Reading {
  Kind kind = Kind::foreign;
  std::string_view why;  // a clause, static
  std::string_view prefix, stamp, source, status, destination, detour;
  event::Access access;
};

class Reader {
 public:
  // `node` is put into every event and is not copied.
  explicit Reader(Zone zone, std::string_view node = {})
      : clock_(std::move(zone)), plain_node_(event::is_plain(node)) {
    reading_.access.node = node;
  }

  // `line` is without its newline; a carriage return at its end is dropped. Valid until the next read and as
  // long as the line is.
  const Reading& read(std::string_view line);

  // The newest stamp read so far. A minute that the clock showed twice is read as the one that follows it.
  std::optional<base::Time> last() const { return clock_.last(); }
  // Sets that, for a log that is read from the middle.
  void set_last(base::Time time) { clock_.set_last(time); }

 private:
  void clear();
  void read_wrapped(std::string_view line);
  void read_body(std::string_view body);
  void read_unstamped(std::string_view body);
  void read_record(std::string_view body, std::size_t verb);
  void read_without_verb(std::string_view body);
  Outcome read_accepted(std::string_view text);
  Outcome read_rejected(std::string_view text);
  void judge(Outcome outcome);
  void judge_without_address();
  void say(Kind kind, std::string_view why) {
    reading_.kind = kind;
    reading_.why = why;
  }

  Clock clock_;
  bool plain_node_;
  Reading reading_;
  bool timed_ = false;  // the line has a usable time
  bool slash_ = false;  // there may be a slash behind the stamp
};

}  // namespace xlimit::xlog
