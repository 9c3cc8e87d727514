// SPDX-License-Identifier: MIT
// Databases of autonomous systems, for tests.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ip/prefix.h"

namespace mmdb {

using namespace xlimit;

// A writer of MaxMind DB files, as small as the format allows (MaxMind DB File Format Specification 2.0): an
// IPv6 tree of 24-bit records, one map with one number for each system.
class Writer {
 public:
  void add(std::string_view prefix_text, std::uint32_t system) {
    const ip::Prefix prefix = *ip::parse_prefix(prefix_text);
    ip::Address::Bytes bytes = prefix.address().bytes();
    if (prefix.is_v4()) bytes[10] = bytes[11] = 0;  // ::a.b.c.d
    const unsigned length = prefix.length() + (prefix.is_v4() ? 96 : 0);
    const auto offset = static_cast<std::uint32_t>(data_.size());
    data_ += "\xe1" + text("autonomous_system_number") + number(6, system, 4);
    std::size_t node = 0;
    for (unsigned bit = 0; bit < length; ++bit) {
      const std::size_t side = bytes[bit / 8] >> (7 - bit % 8) & 1;
      if (bit + 1 == length) {
        nodes_[node][side] = {.leaf = true, .value = offset};
      } else {
        if (nodes_[node][side].value == 0) {
          nodes_[node][side].value = static_cast<std::uint32_t>(nodes_.size());
          nodes_.emplace_back();
        }
        node = nodes_[node][side].value;
      }
    }
  }

  std::string file() const {
    const auto count = static_cast<std::uint32_t>(nodes_.size());
    std::string file;
    for (const auto& node : nodes_) {
      for (const Record& record : node)
        file += big_endian(record.leaf         ? count + 16 + record.value
                           : record.value == 0 ? count
                                               : record.value,
                           3);
    }
    file += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com\xe9";
    file += text("node_count") + number(6, count, 4) + text("record_size") + number(5, 24, 2);
    file += text("ip_version") + number(5, 6, 2) + text("database_type") + text("Test-ASN");
    file += text("languages") + std::string("\x00\x04", 2) + text("description") + "\xe0";
    file += text("binary_format_major_version") + number(5, 2, 2);
    file += text("binary_format_minor_version") + number(5, 0, 2);
    file += text("build_epoch") + std::string("\x04\x02", 2) + big_endian(1780315200, 4);
    return file;
  }

 private:
  struct Record {
    bool leaf = false;
    std::uint32_t value = 0;
  };

  static std::string big_endian(std::uint32_t value, int bytes) {
    std::string out;
    while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
    return out;
  }
  static std::string number(int type, std::uint32_t value, int bytes) {
    return static_cast<char>(type << 5 | bytes) + big_endian(value, bytes);
  }
  static std::string text(std::string_view text) {
    return static_cast<char>(2 << 5 | text.size()) + std::string{text};
  }

  std::vector<std::array<Record, 2>> nodes_{1};
  std::string data_;
};

}  // namespace mmdb
