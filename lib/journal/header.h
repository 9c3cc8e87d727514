// SPDX-License-Identifier: MIT
// The first line of a journal that was written anew says how much of it was alive then: by this every process
// knows when the next time has come. To a reader of events it is an event of an unknown type.
#pragma once

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace xlimit::journal {

inline constexpr std::string_view kHeader = R"({"type":"compacted","bytes":)";

inline std::string make_header(std::uint64_t bytes) {
  return std::string{kHeader} + std::to_string(bytes) + "}\n";
}

// 0 when there is none.
inline std::uint64_t read_header(int fd) {
  std::array<char, 64> start{};
  const ssize_t size = ::pread(fd, start.data(), start.size(), 0);
  std::uint64_t bytes = 0;
  std::string_view text{start.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  if (!text.starts_with(kHeader)) return 0;
  text.remove_prefix(kHeader.size());
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

}  // namespace xlimit::journal
