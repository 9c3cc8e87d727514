// SPDX-License-Identifier: MIT
// Appends one JSON object to a Line, field by field: what encode.cc and state files are written with.
//
// Every text has a cap in encoded bytes; the caps of one event's texts and its fixed part add up to less than
// kMaxLine, so nothing here checks for the end of the buffer.
#pragma once

#include <charconv>
#include <concepts>
#include <span>
#include <string_view>

#include "base/digits.h"
#include "event/encode.h"

namespace xlimit::event {

// Copies `text` as the inside of a JSON string, at most `cap` bytes, cut between characters. `out` must have
// room for cap + 8 bytes. Returns the end.
char* escape(std::string_view text, std::size_t cap, char* out);

class Writer {
 public:
  // `plain`: so are all texts, and nothing is looked for in them.
  Writer(Line& line, std::string_view type, Time at) : Writer(line.data(), type, at, false) {}
  Writer(char* out, std::string_view type, Time at, bool plain) : begin_(out), out_(out), plain_(plain) {
    raw("{\"type\":\"");
    raw(type);
    raw("\",\"time\":\"");
    out_ = base::format_time(at, out_);
    *out_++ = '"';
  }

  // `key` is written as ,"KEY": and comes as such, so that it is one copy of a constant. Always inline, so
  // that the processor learns the lengths of each field apart.
  [[gnu::always_inline]] void text(std::string_view key, std::string_view value, std::size_t cap) {
    if (value.empty()) return;
    raw(key);
    *out_++ = '"';
    if (plain_)
      copy(value.substr(0, cap));
    else
      out_ = escape(value, cap, out_);
    *out_++ = '"';
  }
  void time(std::string_view key, Time at) {
    raw(key);
    *out_++ = '"';
    out_ = base::format_time(at, out_);
    *out_++ = '"';
  }
  void times(std::string_view key, std::span<const Time> times) {
    raw(key);
    raw("[");
    for (const Time& at : times) time(&at == times.data() ? "" : ",", at);
    raw("]");
  }
  // At most 16.
  void ports(std::span<const std::uint16_t> ports) {
    if (ports.empty()) return;
    raw(",\"ports\":[");
    for (std::size_t i = 0; i < ports.size() && i < kMaxPorts; ++i) {
      if (i > 0) raw(",");
      put(ports[i]);
    }
    raw("]");
  }
  void number(std::string_view key, std::integral auto value) {
    raw(key);
    put(value);
  }
  void address(std::string_view key, const ip::Address& value) {
    raw(key);
    *out_++ = '"';
    out_ = ip::format_address(value, out_);
    *out_++ = '"';
  }
  void prefix(std::string_view key, const ip::Prefix& value) {
    raw(key);
    quoted(value);
  }
  void put(std::uint16_t port) { out_ = base::put_port(port, out_); }
  void put(std::integral auto value) { out_ = std::to_chars(out_, out_ + 20, value).ptr; }
  void quoted(const ip::Prefix& value) {
    *out_++ = '"';
    out_ = ip::format_prefix(value, out_);
    *out_++ = '"';
  }
  void raw(std::string_view text) {
    std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
  }
  std::string_view finish() {
    raw("}\n");
    return {begin_, static_cast<std::size_t>(out_ - begin_)};
  }

 private:
  static constexpr std::size_t kMaxPorts = 16;

  // Most texts are short, and two blocks that overlap are any length from one to two.
  [[gnu::always_inline]] void copy(std::string_view text) {
    if (text.size() >= 16 && text.size() <= 32)
      copy_ends<16>(text);
    else if (text.size() >= 8 && text.size() < 16)
      copy_ends<8>(text);
    else if (text.size() >= 4 && text.size() < 8)
      copy_ends<4>(text);
    else
      std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
  }
  template <std::size_t kSize>
  void copy_ends(std::string_view text) {
    std::memcpy(out_, text.data(), kSize);
    std::memcpy(out_ + text.size() - kSize, text.data() + text.size() - kSize, kSize);
  }

  char* begin_;
  char* out_;
  bool plain_;
};

}  // namespace xlimit::event
