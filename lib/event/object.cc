// SPDX-License-Identifier: MIT
// simdjson's on-demand reader, one line at a time: its batch mode loses good lines behind a bad one.
#include "event/object.h"

#include <simdjson.h>

#include "event/encode.h"

namespace xlimit::event {

namespace ondemand = simdjson::ondemand;

struct Object::Parser {
  ondemand::parser json;
  ondemand::document document;
  ondemand::object object;
  ondemand::value value;  // what find() found
};

Object::Object() : parser_(std::make_unique<Parser>()) {}
Object::~Object() = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(Object&&) noexcept = default;

void Object::open(std::string_view line) {
  static_assert(kPadding >= simdjson::SIMDJSON_PADDING);
  Parser& p = *parser_;
  line_ = line;
  wrong_.clear();
  if (p.json.iterate(line.data(), line.size(), line.size() + kPadding).get(p.document) ||
      p.document.get_object().get(p.object))
    wrong_ = "it is not a JSON object";
}

bool Object::close() {
  if (!wrong_.empty()) return false;
  std::string_view raw;
  const bool whole = parser_->object.raw_json().get(raw) == simdjson::SUCCESS;
  const auto end = whole ? static_cast<std::size_t>(raw.data() + raw.size() - line_.data()) : 0;
  if (!whole || line_.find_first_not_of(" \t\r", end) != std::string_view::npos)
    wrong_ = "something stands behind its end";
  return wrong_.empty();
}

void Object::blame(std::string_view key, std::string_view what) {
  if (wrong_.empty()) wrong_ = "'" + std::string{key} + "' " + std::string{what};
}

// False when there is no such field. An on-demand reader must not be asked again once it has failed.
bool Object::find(std::string_view key) {
  if (!wrong_.empty()) return false;
  const simdjson::error_code error = parser_->object.find_field_unordered(key).get(parser_->value);
  if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD) wrong_ = "it is not a JSON object";
  return error == simdjson::SUCCESS;
}

std::string_view Object::text(std::string_view key) {
  std::string_view text;
  if (find(key) && parser_->value.get_string().get(text)) blame(key, "is not a string");
  return text;
}

std::string_view Object::user() {
  const std::string_view name = text("user");
  if (name.size() > kMaxUser / 6 && encoded_size(name) > kMaxUser) blame("user", "is too long");
  return name;
}

std::optional<std::uint64_t> Object::number(std::string_view key, std::uint64_t most) {
  if (!find(key)) return {};
  std::uint64_t number = 0;
  if (parser_->value.get_uint64().get(number) || number > most) {
    blame(key, "is not a number up to " + std::to_string(most));
    return {};
  }
  return number;
}

base::Time Object::time(std::string_view key) {
  const std::optional<base::Time> at = base::parse_time(text(key));
  if (!at) blame(key, "is not an RFC 3339 time");
  return at.value_or(base::Time{});
}

std::optional<ip::Address> Object::address(std::string_view key) {
  const std::string_view words = text(key);
  if (words.empty()) return {};
  const std::optional<ip::Address> address = ip::parse_address(words);
  if (!address) blame(key, "is not an address");
  return address;
}

ip::Prefix Object::prefix(std::string_view key) {
  const std::optional<ip::Prefix> prefix = ip::parse_prefix(text(key));
  if (!prefix) blame(key, "is not an address or prefix");
  return prefix.value_or(ip::Prefix{});
}

void Object::texts(std::string_view key, const std::function<void(std::string_view)>& on_text) {
  ondemand::array array;
  if (!find(key)) return;
  if (parser_->value.get_array().get(array)) return blame(key, "is not a list");
  for (simdjson::simdjson_result<ondemand::value> element : array) {
    std::string_view text;
    if (element.get_string().get(text)) return blame(key, "holds something that is not a string");
    on_text(text);
  }
}

std::vector<ip::Prefix> Object::prefixes(std::string_view key, std::size_t most) {
  std::vector<ip::Prefix> prefixes;
  bool good = true;
  texts(key, [&](std::string_view text) {
    const std::optional<ip::Prefix> prefix = ip::parse_prefix(text);
    good = good && prefix && prefixes.size() < most;
    if (good) prefixes.push_back(*prefix);
  });
  if (!good) blame(key, "holds something that is not an address or prefix, or too many");
  return prefixes;
}

std::vector<base::Time> Object::times(std::string_view key) {
  std::vector<base::Time> times;
  bool good = true;
  texts(key, [&](std::string_view text) {
    const std::optional<base::Time> at = base::parse_time(text);
    good = good && at;
    if (good) times.push_back(*at);
  });
  if (!good) blame(key, "holds something that is not an RFC 3339 time");
  return times;
}

std::vector<std::uint16_t> Object::ports() {
  std::vector<std::uint16_t> ports;
  ondemand::array array;
  if (!find("ports")) return ports;
  if (parser_->value.get_array().get(array)) {
    blame("ports", "is not a list");
    return ports;
  }
  for (simdjson::simdjson_result<ondemand::value> element : array) {
    std::uint64_t port = 0;
    if (element.get_uint64().get(port) || port > UINT16_MAX) {
      blame("ports", "holds something that is not a port");
      break;
    }
    ports.push_back(static_cast<std::uint16_t>(port));
  }
  return ports;
}

}  // namespace xlimit::event
