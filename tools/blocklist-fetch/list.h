// SPDX-License-Identifier: MIT
// A list in a file, read without holding its text.
#pragma once

#include <string>

#include "base/result.h"
#include "feed/parse.h"
#include "stream/file.h"

namespace xlimit::blocklist_fetch {

inline base::Result<feed::Parsed> read_list(const std::string& path, std::size_t most) {
  feed::Parser parser;
  base::Result<void> read =
      stream::read_pieces(path, most, [&](std::string_view piece) { parser.add(piece); });
  if (!read) return base::failed(read);
  return parser.finish();
}

}  // namespace xlimit::blocklist_fetch
