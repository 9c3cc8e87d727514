// SPDX-License-Identifier: MIT
// Walks the tables of a file of sources.
#include "feed/sources.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/number.h"
#include "base/toml.h"

namespace xlimit::feed {
namespace {

using base::Exit;

// One [[source]], key by key; the first mistake is remembered.
class Reader {
 public:
  Reader(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

  base::Result<Source> read() {
    Source source;
    for (const auto& [key, value] : table_) take(key.str(), value, source);
    if (wrong_.empty() && !is_name(source.name))
      blame(table_, "a source needs a name of 1 to 32 letters, digits, '-' and '_'");
    if (wrong_.empty() && !is_url(source.url))
      blame(table_, fmt::format("source '{}' needs a url: https://HOST..., http://HOST... or file:///...",
                                source.name));
    if (!wrong_.empty()) return base::fail(Exit::kConfig, wrong_);
    return source;
  }

 private:
  void take(std::string_view key, const toml::node& value, Source& source) {
    if (key == "name")
      source.name = text(key, value);
    else if (key == "url")
      source.url = text(key, value);
    else if (key == "sha256")
      source.demands.sha256 = sum(key, value);
    else if (key == "minimum")
      source.demands.minimum = number(key, value, UINT32_MAX);
    else if (key == "max_shrink")
      source.demands.max_shrink = static_cast<unsigned>(number(key, value, 100));
    else if (key == "interval")
      source.interval = duration(key, value);
    else if (key == "direction")
      source.out = is_out(key, value);
    else
      blame(value, fmt::format("'{}': no such key", key));
  }
  void blame(const toml::node& where, const std::string& what) {
    if (wrong_.empty()) wrong_ = base::toml_error(file_, where.source(), what).value().text;
  }
  std::string text(std::string_view key, const toml::node& value) {
    if (const auto* text = value.as_string()) return text->get();
    blame(value, fmt::format("'{}' is not a text", key));
    return {};
  }
  std::uint64_t number(std::string_view key, const toml::node& value, std::int64_t most) {
    const auto* number = value.as_integer();
    if (number != nullptr && number->get() >= 0 && number->get() <= most)
      return static_cast<std::uint64_t>(number->get());
    blame(value, fmt::format("'{}' is not a number from 0 to {}", key, most));
    return 0;
  }
  std::chrono::seconds duration(std::string_view key, const toml::node& value) {
    const base::Result<std::chrono::seconds> read = base::parse_duration(text(key, value));
    if (read) return *read;
    blame(value, fmt::format("'{}': {}", key, read.error().text));
    return {};
  }
  std::string sum(std::string_view key, const toml::node& value) {
    std::string sum = text(key, value);
    if (sum.size() != 64 || sum.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
      blame(value, fmt::format("'{}' is not 64 hexadecimal digits", key));
    return sum;
  }
  bool is_out(std::string_view key, const toml::node& value) {
    const std::string word = text(key, value);
    if (word != "in" && word != "out") blame(value, fmt::format("'{}' is neither 'in' nor 'out'", key));
    return word == "out";
  }
  static bool is_name(std::string_view name) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return !name.empty() && name.size() <= 32 && name.find_first_not_of(kPlain) == std::string_view::npos;
  }
  static bool is_url(std::string_view url) {
    const std::size_t host = url.find("://") + 3;
    const bool named = host < url.size() && url[host] != '/';
    return url.starts_with("file:///") ||
           (named && (url.starts_with("https://") || url.starts_with("http://")));
  }

  const toml::table& table_;
  const std::string& file_;
  std::string wrong_;
};

}  // namespace

base::Result<std::vector<Source>> parse_sources(std::string_view text, const std::string& file) {
  base::Result<toml::table> parsed = base::parse_toml(text, file);
  if (!parsed) return base::failed(parsed);
  std::vector<Source> sources;
  for (const auto& [key, value] : *parsed) {
    const toml::array* tables = value.as_array();
    if (key.str() != "source" || tables == nullptr || !tables->is_homogeneous<toml::table>())
      return base::toml_error(file, value.source(),
                              fmt::format("'{}': only [[source]] tables are known here", key.str()));
    for (const toml::node& node : *tables) {
      base::Result<Source> source = Reader{*node.as_table(), file}.read();
      if (!source) return base::failed(source);
      if (std::ranges::count(sources, source->name, &Source::name) > 0)
        return base::toml_error(file, node.source(), fmt::format("source '{}' is there twice", source->name));
      sources.push_back(std::move(*source));
    }
  }
  if (sources.empty() || sources.size() > kMostSources)
    return base::fail(Exit::kConfig,
                      fmt::format("{}: {} sources, not 1 to {}", file, sources.size(), kMostSources));
  return sources;
}

}  // namespace xlimit::feed
