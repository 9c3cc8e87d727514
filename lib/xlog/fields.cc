// SPDX-License-Identifier: MIT
// Every form of source, destination and detour that a version of the core writes.
#include "xlog/fields.h"

#include <algorithm>
#include <cstring>

namespace xlimit::xlog {
namespace {

using std::string_view;
constexpr std::size_t kNone = string_view::npos;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint16_t> read_port(string_view text) {
  if (text.empty() || text.size() > 5) return {};
  unsigned value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return {};
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > 65535 || (text.size() > 1 && text[0] == '0')) return {};
  return static_cast<std::uint16_t>(value);
}

// "host:port" and "[host]:port" apart. `port` is empty when there is no colon behind the host.
struct HostPort {
  string_view host;
  string_view port;
  bool bracketed = false;
};

HostPort split(string_view text) {
  if (!text.empty() && text[0] == '[') {
    const std::size_t close = text.rfind(']');
    if (close == kNone) return {text, {}};
    const string_view behind = text.substr(close + 1);
    if (behind.empty() || behind[0] == ':')
      return {text.substr(1, close - 1), behind.empty() ? behind : behind.substr(1), true};
    return {text, {}};
  }
  // The port is short, so the colon is looked for from the end.
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] == ':') return {text.substr(0, i), text.substr(i + 1)};
    if (!is_digit(text[i])) break;
  }
  return {text, {}};
}

bool take_word(string_view& text, string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// "1.2.*.*", "1.*.*.*": parts, then asterisks.
bool is_masked_v4(string_view text) {
  return text.size() >= 5 && is_digit(text[0]) && text.ends_with(".*") &&
         text.find_first_not_of("0123456789.*") == kNone;
}

bool is_masked(string_view text) {
  if (text.find("Masked IPv") != kNone) return true;
  const HostPort parts = split(text);
  const std::size_t slash = parts.host.find('/');
  if (slash == kNone) return is_masked_v4(parts.host);
  return ip::parse_address(parts.host.substr(0, slash)).has_value();
}

// Digits, dots and colons alone: a piece of an address.
bool is_address_piece(string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.:") == kNone &&
         std::any_of(text.begin(), text.end(), is_digit);
}

std::optional<ip::Address> read_ip(const HostPort& parts) {
  if (parts.bracketed) return ip::parse_address(parts.host.substr(0, parts.host.find('%')));
  return parts.host.find(':') == kNone ? ip::parse_address(parts.host) : std::nullopt;
}

Source read_unusual(string_view text) {
  if (text == "DNS") return {SourceKind::dns, {}, {}};
  if (is_masked(text)) return {SourceKind::masked, {}, {}};
  if (is_address_piece(text) || text.starts_with('[')) return {SourceKind::damaged, {}, {}};
  return {};
}

// The length of the destination at the front: up to a blank, but "[Masked IPv4]" has one inside.
std::size_t destination_length(string_view text) {
  const std::size_t masked = text.find("[Masked IPv");
  const std::size_t blank = std::min(text.find(' '), text.size());
  if (masked == kNone || masked > blank) return blank;
  const std::size_t close = text.find(']', masked);
  return close == kNone ? text.size() : std::min(text.find(' ', close), text.size());
}

Outcome put_host(string_view text, event::Access& access) {
  if (is_masked(text)) {
    access.dport = read_port(text.substr(text.rfind(':') + 1));
    return Outcome::good;
  }
  const HostPort parts = split(text);
  access.dport = read_port(parts.port);
  if (parts.host.empty() || !access.dport) return Outcome::cut;
  access.host = parts.host;
  return Outcome::good;
}

// The scheme before "://" of a URL; empty when it is none.
string_view scheme_of(string_view text) {
  const std::size_t end = text.find("://");
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || is_digit(c);
  };
  if (end == kNone || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), fits))
    return {};
  return text.substr(0, end);
}

bool same_word(string_view text, string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

std::optional<std::uint16_t> default_port(string_view scheme) {
  if (same_word(scheme, "http") || same_word(scheme, "ws")) return 80;
  if (same_word(scheme, "https") || same_word(scheme, "wss")) return 443;
  if (same_word(scheme, "ftp")) return 21;
  return {};
}

Outcome put_url(string_view text, string_view scheme, event::Access& access) {
  text.remove_prefix(scheme.size() + 3);
  string_view authority = text.substr(0, text.find_first_of("/?#"));
  if (const std::size_t at = authority.rfind('@'); at != kNone) authority.remove_prefix(at + 1);
  access.network = event::Network::tcp;
  if (is_masked(authority)) return Outcome::good;
  const HostPort parts = split(authority);
  if (parts.host.empty() || parts.host[0] == '[') return Outcome::cut;
  access.dport = parts.port.empty() ? default_port(scheme) : read_port(parts.port);
  if (!parts.port.empty() && !access.dport) return Outcome::cut;
  access.host = parts.host;
  return Outcome::good;
}

Outcome put_destination(string_view text, event::Access& access) {
  if (take_word(text, "tcp:") || take_word(text, "//")) {
    access.network = event::Network::tcp;
    return put_host(text, access);
  }
  if (take_word(text, "udp:")) {
    access.network = event::Network::udp;
    return put_host(text, access);
  }
  if (take_word(text, "unix:")) return text.empty() ? Outcome::cut : Outcome::good;
  if (const string_view scheme = scheme_of(text); !scheme.empty()) return put_url(text, scheme, access);
  return put_host(text, access) == Outcome::good ? Outcome::good : Outcome::foreign;
}

// Where "email:" stands behind a detour that begins at the front: the first "] email:". npos when nowhere.
std::size_t find_user(string_view text) {
  for (std::size_t close = text.find(']'); close != kNone; close = text.find(']', close + 1)) {
    if (text.substr(close + 1).starts_with(" email:")) return close + 1;
  }
  return kNone;
}

string_view trim_end(string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// " email: X" as it is written today, or "email:X " as v2ray wrote it up to 4.33.
Tail read_user(string_view text, Tail tail) {
  if (text.empty()) return tail;
  constexpr string_view kLabel = " email:";
  if (!text.starts_with(kLabel)) {
    tail.outcome = kLabel.starts_with(text) ? Outcome::cut : Outcome::foreign;
    return tail;
  }
  text.remove_prefix(kLabel.size());
  if (text.starts_with(' ')) text.remove_prefix(1);
  tail.user = text;
  if (text.empty()) tail.outcome = Outcome::cut;
  return tail;
}

// The arrow at `text`, between blanks; unknown when there is none.
event::Route arrow_at(string_view text) {
  if (text.starts_with(" -> ")) return event::Route::rule;
  if (text.starts_with(" >> ")) return event::Route::fallback;
  if (text.starts_with(" ==> ")) return event::Route::forced;
  return event::Route::unknown;
}

}  // namespace

Source read_source(string_view text) {
  string_view bare = text;
  if (!take_word(bare, "tcp:")) take_word(bare, "udp:");
  const HostPort parts = split(bare);
  const std::optional<ip::Address> ip = read_ip(parts);
  if (!ip) return read_unusual(bare);
  if (parts.port.empty()) return {bare.ends_with(':') ? SourceKind::damaged : SourceKind::address, ip, {}};
  const std::optional<std::uint16_t> port = read_port(parts.port);
  return {port ? SourceKind::address : SourceKind::damaged, ip, port};
}

Outcome take_destination(string_view& text, event::Access& access) {
  const std::size_t length = destination_length(text);
  if (length == 0) return Outcome::good;
  const Outcome outcome = put_destination(text.substr(0, length), access);
  if (outcome != Outcome::foreign) text.remove_prefix(length);
  return outcome;
}

Tail read_tail(string_view text) {
  text = trim_end(text);
  if (!text.starts_with(" [")) return read_user(text, {});
  const std::size_t user = find_user(text);
  const std::size_t end = user != kNone ? user : text.rfind(']') + 1;  // npos + 1 is 0: no bracket at all
  if (end == 0) return {Outcome::cut, {}, {}};
  Tail tail;
  tail.detour = text.substr(2, end - 3);
  return read_user(text.substr(end), tail);
}

void read_detour(string_view detour, event::Access& access) {
  event::Route route = event::Route::unknown;
  std::size_t at = 0;
  for (std::size_t blank = detour.find(' '); blank != kNone; blank = detour.find(' ', blank + 1)) {
    const event::Route found = arrow_at(detour.substr(blank));
    if (found == event::Route::unknown) continue;
    if (route != event::Route::unknown) return;
    route = found;
    at = blank;
  }
  if (route == event::Route::unknown) {
    access.outbound = detour;
    return;
  }
  access.route = route;
  access.inbound = detour.substr(0, at);
  access.outbound = detour.substr(at + (route == event::Route::forced ? 5 : 4));
}

}  // namespace xlimit::xlog
