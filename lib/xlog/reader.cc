// SPDX-License-Identifier: MIT
// The grammar of a line, from left to right: prefix, stamp, source, verb, destination, detour, user.
//
// Parsed by hand with memchr: this is the hot path of the whole toolkit, at millions of lines a second.
#include "xlog/reader.h"

#include <algorithm>
#include <cstring>

#include "event/encode.h"
#include "xlog/fields.h"
#include "xlog/prefix.h"

namespace xlimit::xlog {
namespace {

using std::string_view;
constexpr std::size_t kNone = string_view::npos;

// Sixteen bytes, one of the compiler's own vectors.
using Bytes [[gnu::vector_size(16)]] = unsigned char;

bool is_zero(Bytes bytes) {
  std::uint64_t halves[2];
  std::memcpy(halves, &bytes, 16);
  return (halves[0] | halves[1]) == 0;
}

bool has_control(string_view text) {
  Bytes block, found{};
  const auto look = [&] { found |= Bytes(block < 0x20) | Bytes(block == 0x7f); };
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 16; at += 16) {
    std::memcpy(&block, at, 16);
    look();
  }
  block = Bytes{} + ' ';
  if (text.size() >= 16) {
    std::memcpy(&block, end - 16, 16);
  } else if (!text.empty()) {  // an empty view may have no address at all
    std::memcpy(&block, at, text.size());
  }
  look();
  return !is_zero(found);
}

struct Survey {
  bool plain;  // event::is_plain
  bool slash;  // there may be one behind the first sixteen bytes, where those of a stamp in front stand
};

// Both at once, in the same way.
Survey survey(string_view line) {
  if (line.size() < 16) return {event::is_plain(line), true};
  Bytes block, special{}, slashes{}, highest{};
  const auto look = [&](std::size_t at) {
    std::memcpy(&block, line.data() + at, 16);
    special |= Bytes(block == '"') | Bytes(block == '\\');
    slashes |= Bytes(block == '/');
    block -= ' ';
    highest = block > highest ? block : highest;
  };
  look(0);
  slashes = Bytes{};
  for (std::size_t at = 16; at + 16 < line.size(); at += 16) look(at);
  look(line.size() - 16);
  special |= Bytes(highest > '~' - ' ');
  return {is_zero(special), !is_zero(slashes)};
}

// "UDP:1.1.1.1:53 got answer: example.org. -> [...] 12ms": the resolver's, when log.dnsLog is on.
bool is_dns_answer(string_view body) {
  const std::size_t blank = body.find(' ');
  if (blank == kNone) return false;
  const string_view behind = body.substr(blank + 1);
  return behind.starts_with("got answer: ") || behind.starts_with("cache HIT: ") ||
         behind.starts_with("cache OPTIMISTE: ");
}

bool is_banner(string_view body) {
  for (const string_view head : {"Xray ", "V2Ray "}) {
    if (body.starts_with(head) && body.size() > head.size() && body[head.size()] >= '0' &&
        body[head.size()] <= '9')
      return true;
  }
  return body.starts_with("A unified platform for anti-censorship") || body.starts_with("Failed to start: ");
}

// Where the blank before the verb stands when that is the word behind the source, as in nearly all records.
std::size_t second_word(string_view body) {
  const bool from = body.starts_with("from ");
  if (!from && is_level(body)) return kNone;
  const std::size_t blank = body.find(' ', from ? 5 : 0);
  if (blank == kNone || body.size() < blank + 10 || body[blank + 9] != ' ') return kNone;
  const char* const word = body.data() + blank + 1;
  return std::memcmp(word, "accepted", 8) == 0 || std::memcmp(word, "rejected", 8) == 0 ? blank : kNone;
}

// What stands before the verb without "from". When the time was lost, so may have been the head: the source
// is then what stands behind the last "from ", or the last word.
string_view source_text(string_view text, bool timed) {
  const std::size_t from = timed ? (text.starts_with("from") ? 0 : kNone) : text.rfind("from ");
  if (from != kNone) return text.substr(from + std::min<std::size_t>(5, text.size() - from));
  if (timed || text.find("Masked IPv") != kNone) return text;
  return text.substr(text.rfind(' ') + 1);
}

bool names_a_level(string_view text) {
  const std::size_t bracket = text.find(" [");
  return bracket != kNone && is_level(text.substr(bracket + 1));
}

bool names_a_verb(string_view text) {
  return text.find(" accepted ") != kNone || text.find(" rejected ") != kNone;
}

// Is the bracket that stands before `detour` closed within, and not only behind it? Tags may hold pairs.
bool closes_early(string_view detour) {
  int open = 1;
  return std::any_of(detour.begin(), detour.end(), [&](char c) {
    open += c == '[' ? 1 : c == ']' ? -1 : 0;
    return open == 0;
  });
}

}  // namespace

string_view word(Kind kind) {
  switch (kind) {
    case Kind::access: return "access";
    case Kind::log: return "log";
    case Kind::dns: return "dns";
    case Kind::no_address: return "no-address";
    case Kind::masked: return "masked";
    case Kind::cut: return "cut";
    case Kind::joined: return "joined";
    case Kind::too_long: return "too-long";
    case Kind::control: return "control";
    case Kind::foreign: return "foreign";
  }
  return "";
}

// Part by part: of the whole, the compiler makes one string instruction, which takes as long as all the rest.
void Reader::clear() {
  reading_.prefix = {};
  reading_.stamp = {};
  reading_.source = {};
  reading_.status = {};
  reading_.destination = {};
  reading_.detour = {};
  event::Access& access = reading_.access;
  access.user = {};
  access.reason = {};
  access.host = {};
  access.inbound = {};
  access.outbound = {};
  access.at = {};
  access.ip.reset();
  access.port.reset();
  access.dport.reset();
  access.status = {};
  access.network = {};
  access.route = {};
}

// Flat, because so many steps take longer to call than to do.
[[gnu::flatten]] const Reading& Reader::read(string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  clear();
  const Survey found = survey(line);
  reading_.access.plain = plain_node_ && found.plain;
  if (line.size() > kMaxLine) {
    say(Kind::too_long, "longer than 64 KiB");
  } else if (!found.plain && has_control(line)) {
    say(Kind::control, "a control character is in it");
  } else {
    string_view body = line;
    if (clock_.take(body)) {
      reading_.stamp = line.substr(0, line.size() - body.size());
      reading_.access.at = clock_.newest();
      timed_ = true;
      slash_ = found.slash;
      read_body(body);
    } else {
      timed_ = false;
      slash_ = true;
      read_wrapped(line);
    }
  }
  return reading_;
}

// No stamp of the core in front.
void Reader::read_wrapped(string_view line) {
  const Prefix prefix = read_prefix(line, clock_);
  reading_.prefix = line.substr(0, prefix.length);
  string_view body = line.substr(prefix.length);
  const string_view stamped = body;
  if (clock_.take(body)) {
    reading_.stamp = stamped.substr(0, stamped.size() - body.size());
    reading_.access.at = clock_.newest();
    timed_ = true;
    read_body(body);
    if (!prefix.known && line.starts_with('{')) return say(Kind::foreign, "JSON is around it");
    if (!prefix.known && reading_.kind == Kind::access)
      say(Kind::joined, "a whole record stands behind a piece of something else");
    return;
  }
  if (prefix.at) reading_.access.at = *prefix.at;
  timed_ = prefix.at.has_value();
  read_unstamped(body);
}

// What follows a stamp.
void Reader::read_body(string_view body) {
  if (body.empty() || body[0] != ' ') return say(Kind::cut, "nothing follows the time");
  body.remove_prefix(1);
  if (const std::size_t length = body.starts_with('[') ? v2raya_length(body) : 0; length != 0) {
    reading_.prefix = body.substr(0, length);
    body.remove_prefix(length);
    string_view own = body;
    if (clock_.take(own) && own.starts_with(' ')) {
      reading_.access.at = clock_.newest();
      body = own.substr(1);
    }
  }
  read_unstamped(body);
}

// `body` begins where the stamp has ended or was lost.
void Reader::read_unstamped(string_view body) {
  const std::size_t stamp = slash_ ? find_stamp(body) : kNone;
  if (stamp == kNone) {  // as nearly always
    if (const std::size_t verb = second_word(body); verb != kNone) return read_record(body, verb);
  }
  if (stamp == 0 && !timed_) return say(Kind::cut, "there is no such date and time");
  const bool second = stamp != kNone;
  if (is_level(body)) {
    if (second && names_a_verb(body)) return say(Kind::joined, "a record begins inside a message");
    return say(Kind::log, "a message of the core's error log");
  }
  if (is_dns_answer(body)) {
    if (second) return say(Kind::joined, "a second line begins inside a resolver's answer");
    return say(Kind::dns, "an answer of the core's resolver");
  }
  if (second) return say(Kind::joined, "a second time stamp is in it");
  const std::size_t verb = find_verb(body);
  if (verb == kNone) return read_without_verb(body);
  read_record(body, verb);
}

void Reader::read_without_verb(string_view body) {
  if (is_banner(body)) return say(Kind::log, "the core's banner");
  if (!timed_ && names_a_level(body))
    return say(Kind::log, "a message of the core's error log, cut at its head");
  const std::size_t blank = std::min(body.find(' '), body.size());
  event::Access ignored;
  if (body.starts_with("accepted ") || body.starts_with("rejected "))
    return say(Kind::cut, "a record without its head");
  const bool record = body == "from" || body.starts_with("from ") || body.find(" email: ") != kNone ||
                      read_source(body.substr(0, blank), ignored) == SourceKind::address || body.empty();
  if (record && (timed_ || !body.empty())) return say(Kind::cut, "a record without 'accepted' or 'rejected'");
  say(Kind::foreign, "neither a record nor a message of the core");
}

// `verb` is where the blank before "accepted" or "rejected" stands in `body`.
void Reader::read_record(string_view body, std::size_t verb) {
  reading_.source = source_text(body.substr(0, verb), timed_);
  reading_.status = body.substr(verb + 1, 8);
  string_view rest = body.substr(verb + 9);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  const Outcome outcome = reading_.status[0] == 'a' ? read_accepted(rest) : read_rejected(rest);
  const bool record = outcome != Outcome::foreign || (!timed_ && reading_.source.find(' ') == kNone);
  if (!record) return say(Kind::foreign, "what follows 'accepted' is no destination, detour or user");
  judge(outcome);
}

// DESTINATION [DETOUR] email: USER
Outcome Reader::read_accepted(string_view text) {
  event::Access& access = reading_.access;
  const string_view all = text;
  const Outcome outcome = take_destination(text, access);
  if (outcome == Outcome::foreign) return outcome;
  reading_.destination = all.substr(0, all.size() - text.size());
  const Outcome tail = read_tail(text, reading_.detour, access.user);
  if (!reading_.detour.empty()) read_detour(reading_.detour, access);
  const bool nothing = reading_.destination.empty() && reading_.detour.empty() && access.user.empty();
  return outcome == Outcome::cut || nothing ? Outcome::cut : tail;
}

// A blank in place of the destination, then the reason. Its text is a stranger's: nothing is looked for in
// it.
Outcome Reader::read_rejected(string_view text) {
  event::Access& access = reading_.access;
  access.status = event::Status::rejected;
  const string_view all = text;
  event::Access with_destination = access;
  if (take_destination(text, with_destination) == Outcome::good) {
    access = with_destination;
    reading_.destination = all.substr(0, all.size() - text.size());
    if (text.starts_with(' ')) text.remove_prefix(1);
  } else {
    text = all;
  }
  while (text.ends_with(' ')) text.remove_suffix(1);
  access.reason = text;
  return text.empty() ? Outcome::cut : Outcome::good;
}

// All parts are known: is it an event?
void Reader::judge(Outcome outcome) {
  event::Access& access = reading_.access;
  switch (read_source(reading_.source, access)) {
    case SourceKind::dns: return say(Kind::dns, "a connection of the core's resolver");
    case SourceKind::masked: return say(Kind::masked, "the core's maskAddress hides the source");
    case SourceKind::damaged: return say(Kind::cut, "the source is a piece of an address");
    case SourceKind::none: return judge_without_address();
    case SourceKind::address: break;
  }
  if (access.ip->is_unspecified()) return say(Kind::no_address, "the source is the unspecified address");
  if (outcome != Outcome::good) return say(Kind::cut, "a part of the record is missing");
  if (!timed_) return say(Kind::cut, "no date and time stand before the record");
  if (access.user.find(' ') != kNone && names_a_verb(access.user))
    return say(Kind::joined, "a second record begins inside the user's name");
  // Behind a record without a user the next one may be without its head: its user is not this one's.
  if (reading_.detour.find('[') != kNone && (names_a_verb(reading_.detour) || closes_early(reading_.detour)))
    return say(Kind::joined, "a second record begins inside the detour");
  if (access.user.size() > event::kMaxUser / 6 && event::encoded_size(access.user) > event::kMaxUser)
    return say(Kind::too_long, "the user's name is longer than 512 bytes");
  say(Kind::access, "a record");
}

void Reader::judge_without_address() {
  const string_view source = reading_.source;
  const bool words = source.find(' ') != kNone && !source.starts_with("unix:");
  if (words) return say(Kind::foreign, "'accepted' or 'rejected' stands in other text");
  say(Kind::no_address, "no address stands where the source belongs");
}

}  // namespace xlimit::xlog
