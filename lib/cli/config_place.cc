// SPDX-License-Identifier: MIT
// CLI11 forgets the lines, so the file is read again.
#include "cli/config_place.h"

#include <fmt/format.h>

#include <fstream>
#include <set>

namespace xlimit::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\"'[]";
  const std::size_t begin = text.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kAround) + 1 - begin);
}

// Without a comment and the blanks around.
std::string_view stripped(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
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

base::Result<void> check_keys(const std::string& file) {
  const auto wrong = [&](std::size_t number, std::string_view key, const char* why) {
    return base::fail(base::Exit::kConfig, fmt::format("{}:{}: '{}': {}", file, number, key, why));
  };
  std::ifstream in{file};
  std::set<std::string> keys;
  std::string text, section;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    const std::string_view line = stripped(text);
    if (line.starts_with('[') && line.ends_with(']')) section = fmt::format("{}.", trimmed(line));
    const std::size_t equals = line.find('=');
    if (line.empty() || line.front() == ';' || line.front() == '[' || equals == line.npos) continue;
    const std::string key{trimmed(line.substr(0, equals))};
    if (!keys.insert(section + key).second) return wrong(number, key, "given twice");
    std::string_view value = stripped(line.substr(equals + 1));
    if (!value.starts_with('[')) continue;
    const std::size_t begin = number;
    for (; !value.ends_with(']'); value = stripped(text), ++number)
      if (!std::getline(in, text)) return wrong(begin, key, "a list without its ']'");
  }
  return {};
}

}  // namespace xlimit::cli
