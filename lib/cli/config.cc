// SPDX-License-Identifier: MIT
// Walks a TOML table, key by key.
#include "cli/config.h"

#include <fmt/format.h>

#include <optional>

#include "base/toml.h"
#include "stream/file.h"

namespace xlimit::cli {
namespace {

using base::Result;

constexpr std::size_t kMostConfig = 1024 * 1024;  // bytes

// As it would stand on the command line; absent for what could not.
std::optional<std::string> text_of(const toml::node& value) {
  if (const auto* text = value.as_string()) return text->get();
  if (const auto* number = value.as_integer()) return std::to_string(number->get());
  if (const auto* number = value.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = value.as_boolean()) return flag->get() ? "true" : "false";
  return {};
}

// Sets options from the table of one file; `chosen`: or only checks that there are such.
class Walk {
 public:
  Walk(const std::string& file, Keys& keys, bool chosen) : file_(file), keys_(keys), chosen_(chosen) {}

  Result<void> set(std::string_view name, const toml::node& value) {
    const auto found = keys_.find(name);
    if (found == keys_.end()) return blame(value, fmt::format("'{}': no such option", name));
    Key& key = found->second;
    if (key.line_only) return blame(value, fmt::format("'{}': only on the command line", name));
    if (!chosen_ || key.given()) return {};
    key.place = fmt::format("{}:{}", file_, value.source().begin.line);
    const toml::array* list = value.as_array();
    if (key.is_list()) key.clear();
    if (list == nullptr) return set_one(name, key, value, key.is_list());
    if (!key.is_list()) return blame(value, fmt::format("--{}: takes one value, not a list", name));
    for (const toml::node& item : *list) {
      if (item.value<std::string_view>() == "") continue;  // says nothing, as between two commas
      if (Result<void> done = set_one(name, key, item, false); !done) return done;
    }
    return {};
  }

 private:
  Result<void> set_one(std::string_view name, const Key& key, const toml::node& value, bool split) const {
    const std::optional<std::string> text = text_of(value);
    if (!text) return blame(value, fmt::format("--{}: neither a text nor a number", name));
    for (const std::string_view part : split ? split_list(*text) : std::vector<std::string_view>{*text}) {
      if (const Result<void> read = key.read(part); !read)
        return blame(value, fmt::format("--{}: {}", name, read.error().text));
    }
    return {};
  }
  tl::unexpected<base::Error> blame(const toml::node& where, std::string_view why) const {
    return base::toml_error(file_, where.source(), why);
  }

  const std::string& file_;
  Keys& keys_;
  bool chosen_;
};

}  // namespace

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    if (comma != 0 && !text.empty()) parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Result<void> read_config(const std::string& file, Keys& keys, const Sections& verbs) {
  Result<std::string> text = stream::read_file(file, kMostConfig);
  if (!text && text.error().code == base::Exit::kUnavailable) text.error().code = base::Exit::kConfig;
  if (!text) return base::failed(text);
  Result<toml::table> table = base::parse_toml(*text, file);
  if (!table) return base::failed(table);
  for (const auto& [name, value] : *table) {
    const auto verb = verbs.find(name.str());
    if (verb == verbs.end() || !value.is_table()) {
      if (Result<void> done = Walk{file, keys, true}.set(name.str(), value); !done) return done;
      continue;
    }
    Walk walk{file, *verb->second.keys, verb->second.chosen};
    for (const auto& [inner, value_inside] : *value.as_table()) {
      if (Result<void> done = walk.set(inner.str(), value_inside); !done) return done;
    }
  }
  return {};
}

}  // namespace xlimit::cli
