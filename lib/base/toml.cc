// SPDX-License-Identifier: MIT
// All of toml++ is compiled here.
#define TOML_IMPLEMENTATION
#include "base/toml.h"

#include "base/text.h"

namespace xlimit::base {
namespace {

// Some of toml++'s reasons name neither the mistake nor the cure, and one quotes its buffer for the key.
std::string_view reason(std::string_view description) {
  constexpr std::pair<std::string_view, std::string_view> kClearer[]{
      {"cannot redefine existing", "a key that is given twice"},
      {"control characters other than TAB", "a text without its closing quote, or with a control character"},
      {"expected digit, saw", "neither a number nor a text in quotes"}};
  for (const auto& [said, meant] : kClearer) {
    if (description.find(said) != std::string_view::npos) return meant;
  }
  return description;
}

}  // namespace

Result<toml::table> parse_toml(std::string_view text, const std::string& file) {
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) return toml_error(file, parsed.error().source(), reason(parsed.error().description()));
  return std::move(parsed).table();
}

tl::unexpected<Error> toml_error(const std::string& file, const toml::source_region& where,
                                 std::string_view why) {
  return fail(Exit::kConfig, file + ":" + std::to_string(where.begin.line) + ": " + printable(why));
}

}  // namespace xlimit::base
