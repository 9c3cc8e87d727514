// SPDX-License-Identifier: MIT
// Per-user limits from a file: one a line, as an NDJSON `limit` event or as "USER N". The user's name is all
// that stands before the last blank, so it may hold blanks. N 0 is unlimited. Empty lines and '#' lines say
// nothing.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xlimit::session {

// Looks a std::string up by a view of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class Limits {
 public:
  // Fails with kData, naming the first line that is neither form. A user named twice has the later limit.
  static base::Result<Limits> parse(std::string_view text);

  std::optional<std::uint32_t> of(std::string_view user) const;
  std::size_t size() const { return limits_.size(); }

 private:
  base::Result<void> add_line(std::string_view line);

  boost::unordered_flat_map<std::string, std::uint32_t, TextHash, std::equal_to<>> limits_;
};

}  // namespace xlimit::session
