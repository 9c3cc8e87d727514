// SPDX-License-Identifier: MIT
// The words of a path.
#pragma once

#include <string>

namespace xlimit::base {

// The folder that a file lies in: "/a" of "/a/b", "." of "b", "/" of "/b".
inline std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  const std::size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

}  // namespace xlimit::base
