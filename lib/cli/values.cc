// SPDX-License-Identifier: MIT
// How the common types of option values are read and shown.
#include "cli/command.h"

namespace xlimit::cli {

base::Result<void> read_value(std::string_view text, std::string& value) {
  value = text;
  return {};
}

base::Result<void> read_value(std::string_view text, std::chrono::seconds& value) {
  base::Result<std::chrono::seconds> duration = base::parse_duration(text);
  if (!duration) return base::failed(duration);
  value = *duration;
  return {};
}

base::Result<void> read_value(std::string_view text, std::optional<std::chrono::seconds>& value) {
  value.reset();
  if (text.empty()) return {};
  std::chrono::seconds duration{};
  base::Result<void> read = read_value(text, duration);
  if (read) value = duration;
  return read;
}

base::Result<void> read_value(std::string_view text, ip::Prefix& value) {
  base::Result<ip::Prefix> prefix = ip::read_prefix(text);
  if (!prefix) return base::failed(prefix);
  value = *prefix;
  return {};
}

std::string show_value(const std::string& value) { return value; }
std::string show_value(std::chrono::seconds value) { return base::format_duration(value); }
std::string show_value(const std::optional<std::chrono::seconds>& value) {
  return value ? show_value(*value) : "";
}
std::string show_value(const ip::Prefix& value) { return ip::to_string(value); }

}  // namespace xlimit::cli
