// SPDX-License-Identifier: MIT
// Every form of source, destination and detour that a version of the core writes.
#include "xlog/fields.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/digits.h"

namespace xlimit::xlog {
namespace {

using std::string_view;
constexpr std::size_t kNone = string_view::npos;
constexpr std::size_t kLongestV4 = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "host:port" and "[host]:port" apart.
struct HostPort {
  string_view host;
  std::uint16_t number = 0;
  bool is_number = false;
  bool has_port = false;  // a colon stands behind the host; what follows need not be a number
  bool bracketed = false;

  std::optional<std::uint16_t> port() const { return is_number ? std::optional{number} : std::nullopt; }
};

// The port is at most five digits, of which the first is no 0 unless it is alone.
HostPort split_slowly(string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == kNone) return {text};
  const string_view port = text.substr(colon + 1);
  unsigned value = 0;
  bool valid = !port.empty() && port.size() <= 5 && (port[0] != '0' || port.size() == 1);
  for (const char c : port) {
    const auto digit = static_cast<unsigned>(c) - '0';
    valid &= digit <= 9;
    value = value * 10 + digit;
  }
  return {text.substr(0, colon), static_cast<std::uint16_t>(value), valid && value <= 65535, true};
}

// What stands behind "]" is too short for the quick way.
HostPort split_bracketed(string_view text) {
  const std::size_t close = text.rfind(']');
  if (close == kNone) return {text};
  HostPort parts = split_slowly(text.substr(close + 1));
  if (!parts.host.empty()) return {text};
  parts.host = text.substr(1, close - 1);
  parts.bracketed = true;
  return parts;
}

// The last eight characters as one word. Ports are four or five digits long as it happens, and a branch on
// that would be wrong every other time.
HostPort split(string_view text) {
  if (text.starts_with('[')) return split_bracketed(text);
  if (text.size() < 9) return split_slowly(text);
  const std::uint64_t word = base::load_digits(text.data() + text.size() - 8);
  // Bits of the digits at the end.
  const auto bits = static_cast<unsigned>(std::countl_zero(base::non_digits(word) | 1));
  const char* const colon = text.data() + text.size() - bits / 8 - 1;
  if (bits - 8 > 32 || *colon != ':') return split_slowly(text);
  const std::uint64_t value = base::join_digits(word >> (64 - bits) << (64 - bits));
  const bool padded = bits > 8 && colon[1] == '0';
  return {{text.data(), colon}, static_cast<std::uint16_t>(value), !padded && value <= 65535, true};
}

// The length is known when this is compiled, so the comparison is one of words.
template <std::size_t N>
bool take_word(string_view& text, const char (&word)[N]) {
  if (text.size() < N - 1 || std::memcmp(text.data(), word, N - 1) != 0) return false;
  text.remove_prefix(N - 1);
  return true;
}

// "1.2.*.*", "2001:db8::/32" in brackets, "Masked IPv4": the core's maskAddress was here.
bool is_masked(const HostPort& parts) {
  const string_view host = parts.host;
  if (!parts.bracketed)
    return host.size() >= 5 && host.ends_with(".*") && is_digit(host[0]) &&
           host.find_first_not_of("0123456789.*") == kNone;
  if (host == "Masked IPv4" || host == "Masked IPv6") return true;
  const std::size_t slash = host.find('/');
  return slash != kNone && ip::parse_address(host.substr(0, slash));
}

// Digits, dots and colons alone: a piece of an address.
bool is_address_piece(string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.:") == kNone &&
         std::any_of(text.begin(), text.end(), is_digit);
}

std::optional<ip::Address> read_ip(const HostPort& parts) {
  if (parts.bracketed) return ip::parse_address(parts.host.substr(0, parts.host.find('%')));
  if (parts.host.size() > kLongestV4) return {};  // IPv6 without brackets is ambiguous
  const std::optional<ip::Address> ip = ip::parse_address(parts.host);
  return ip && ip->is_v4() && parts.host[0] != ':' ? ip : std::nullopt;
}

SourceKind read_unusual(string_view text, const HostPort& parts) {
  if (text == "DNS") return SourceKind::dns;
  if (is_masked(parts)) return SourceKind::masked;
  return is_address_piece(text) || text.starts_with('[') ? SourceKind::damaged : SourceKind::none;
}

// The length of the destination at the front: up to a blank, but "[Masked IPv4]" has one inside.
std::size_t destination_length(string_view text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  if (!text.substr(0, blank).ends_with("[Masked")) return blank;
  const std::size_t close = text.find(']', blank);
  return close == kNone ? text.size() : std::min(text.find(' ', close), text.size());
}

Outcome put_host(string_view text, event::Access& access) {
  const HostPort parts = split(text);
  access.dport = parts.port();
  if ((parts.bracketed || parts.host.ends_with('*')) && is_masked(parts)) return Outcome::good;
  if (parts.host.empty() || !parts.is_number) return Outcome::cut;
  // The core writes IPv6 in brackets: this is a destination with a piece of another behind it.
  if (!parts.bracketed && parts.host.find(':') != kNone && !ip::parse_address(parts.host))
    return Outcome::cut;
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
  const HostPort parts = split(authority);
  access.dport = parts.has_port ? parts.port() : default_port(scheme);
  if (is_masked(parts)) return Outcome::good;
  if (parts.host.empty() || parts.host[0] == '[' || (parts.has_port && !parts.is_number)) return Outcome::cut;
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
Outcome read_user(string_view text, string_view& user) {
  if (text.empty()) return Outcome::good;
  constexpr string_view kLabel = " email:";
  if (!text.starts_with(kLabel)) return kLabel.starts_with(text) ? Outcome::cut : Outcome::foreign;
  text.remove_prefix(kLabel.size());
  if (text.starts_with(' ')) text.remove_prefix(1);
  user = text;
  return text.empty() ? Outcome::cut : Outcome::good;
}

// The arrow whose head is at `head`, with a blank before it; unknown when it has no shaft.
event::Route arrow_at(string_view text, std::size_t head) {
  const bool short_one = head >= 2 && text[head - 2] == ' ';
  if (short_one && text[head - 1] == '-') return event::Route::rule;
  if (short_one && text[head - 1] == '>') return event::Route::fallback;
  if (text.substr(0, head).ends_with(" ==")) return event::Route::forced;
  return event::Route::unknown;
}

}  // namespace

[[gnu::flatten]] SourceKind read_source(string_view text, event::Access& access) {
  if (!take_word(text, "tcp:")) take_word(text, "udp:");
  const HostPort parts = split(text);
  if (const std::optional<std::uint32_t> v4 = ip::parse_v4(parts.host); v4 && !parts.bracketed) {
    access.ip = ip::Address::v4(*v4);
  } else {
    access.ip = read_ip(parts);
    if (!access.ip) return read_unusual(text, parts);
  }
  access.port = parts.port();
  return parts.is_number || !parts.has_port ? SourceKind::address : SourceKind::damaged;
}

[[gnu::flatten]] Outcome take_destination(string_view& text, event::Access& access) {
  const std::size_t length = destination_length(text);
  if (length == 0) return Outcome::good;
  const Outcome outcome = put_destination(text.substr(0, length), access);
  if (outcome != Outcome::foreign) text.remove_prefix(length);
  return outcome;
}

Outcome read_tail(string_view text, string_view& detour, string_view& user) {
  text = trim_end(text);
  if (text.starts_with(" [")) {
    const std::size_t label = find_user(text);
    const std::size_t end = label != kNone ? label : text.rfind(']') + 1;  // npos + 1 is 0: no bracket at all
    if (end == 0) return Outcome::cut;
    detour = text.substr(2, end - 3);
    text.remove_prefix(end);
  }
  return read_user(text, user);
}

void read_detour(string_view detour, event::Access& access) {
  event::Route route = event::Route::unknown;
  std::size_t head = 0;
  for (std::size_t at = detour.find("> "); at != kNone; at = detour.find("> ", at + 1)) {
    const event::Route found = arrow_at(detour, at);
    if (found == event::Route::unknown) continue;
    if (route != event::Route::unknown) return;
    route = found;
    head = at;
  }
  if (route == event::Route::unknown) {
    access.outbound = detour;
    return;
  }
  access.route = route;
  access.inbound = detour.substr(0, head - (route == event::Route::forced ? 3 : 2));
  access.outbound = detour.substr(head + 2);
}

}  // namespace xlimit::xlog
