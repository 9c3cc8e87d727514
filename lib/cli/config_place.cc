// SPDX-License-Identifier: MIT
// CLI11 forgets the lines, so the file is read again.
#include "cli/config_place.h"

#include <fstream>

namespace xlimit::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\"'";
  const std::size_t begin = text.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kAround) + 1 - begin);
}

}  // namespace

std::string place_of_key(const std::string& file, std::string_view key) {
  key.remove_prefix(key.rfind('.') + 1);  // none: all of it
  std::ifstream in{file};
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (trimmed(std::string_view{line}.substr(0, line.find('='))) == key)
      return file + ":" + std::to_string(number);
  }
  return file;
}

}  // namespace xlimit::cli
