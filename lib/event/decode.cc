// SPDX-License-Identifier: MIT
// Lines to events with simdjson's on-demand reader, one line at a time: its batch mode loses good lines
// behind a bad one. Fields are asked for in the order encode.cc writes them, so that each look-up hits at
// once.
#include "event/decode.h"

#include <simdjson.h>

#include "event/encode.h"

namespace xlimit::event {
namespace {

namespace ondemand = simdjson::ondemand;

// One object being read. The first field that is missing or wrong is remembered, nothing is read after it (an
// on-demand reader must not be asked again once it has failed), and the caller looks at `wrong` once, at the
// end.
struct Fields {
  ondemand::object& object;
  std::string wrong{};

  // A name that is too long would be cut when it is written again, and then be another's.
  std::string_view user() {
    const std::string_view name = text("user");
    if (name.size() > kMaxUser / 6 && encoded_size(name) > kMaxUser) blame("user", "is too long");
    return name;
  }

  // The field's value; false when there is none.
  bool find(std::string_view key, ondemand::value& value) {
    if (!wrong.empty()) return false;
    const simdjson::error_code error = object.find_field_unordered(key).get(value);
    if (error != simdjson::SUCCESS && error != simdjson::NO_SUCH_FIELD) wrong = "it is not a JSON object";
    return error == simdjson::SUCCESS;
  }

  void blame(std::string_view key, std::string_view what) {
    if (wrong.empty()) wrong = "'" + std::string{key} + "' " + std::string{what};
  }

  std::string_view text(std::string_view key) {
    ondemand::value value;
    if (!find(key, value)) return {};
    std::string_view text;
    if (value.get_string().get(text)) blame(key, "is not a string");
    return text;
  }

  std::optional<std::uint64_t> number(std::string_view key, std::uint64_t most) {
    ondemand::value value;
    if (!find(key, value)) return {};
    std::uint64_t number = 0;
    if (value.get_uint64().get(number) || number > most) {
      blame(key, "is not a number up to " + std::to_string(most));
      return {};
    }
    return number;
  }

  Time time() {
    const std::optional<Time> at = base::parse_time(text("time"));
    if (!at) blame("time", "is not an RFC 3339 time");
    return at.value_or(Time{});
  }

  std::optional<ip::Address> address(std::string_view key) {
    const std::string_view words = text(key);
    if (words.empty()) return {};
    const std::optional<ip::Address> address = ip::parse_address(words);
    if (!address) blame(key, "is not an address");
    return address;
  }

  ip::Prefix prefix(std::string_view key) {
    const std::optional<ip::Prefix> prefix = ip::parse_prefix(text(key));
    if (!prefix) blame(key, "is not an address or prefix");
    return prefix.value_or(ip::Prefix{});
  }

  Direction direction() {
    const std::string_view word = text("direction");
    if (word == "out") return Direction::out;
    if (!word.empty() && word != "in") blame("direction", "is neither in nor out");
    return Direction::in;
  }

  std::vector<std::uint16_t> ports() {
    std::vector<std::uint16_t> ports;
    ondemand::value value;
    if (!find("ports", value)) return ports;
    ondemand::array array;
    if (value.get_array().get(array)) {
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
};

constexpr std::uint64_t kLongest = std::uint64_t{100} * 365 * 86400;  // as base::parse_duration

Status read_status(Fields& fields) {
  const std::string_view word = fields.text("status");
  if (word == "rejected") return Status::rejected;
  if (word != "accepted") fields.blame("status", "is neither accepted nor rejected");
  return Status::accepted;
}

std::optional<std::uint16_t> narrow(std::optional<std::uint64_t> port) {
  if (!port) return {};
  return static_cast<std::uint16_t>(*port);
}

Access read_access(Fields& fields) {
  Access access;
  access.at = fields.time();
  access.node = fields.text("node");
  access.user = fields.user();
  access.ip = fields.address("ip");
  access.port = narrow(fields.number("port", UINT16_MAX));
  access.status = read_status(fields);
  if (access.status == Status::rejected) access.reason = fields.text("reason");
  const std::string_view network = fields.text("network");
  access.network = network == "tcp" ? Network::tcp : network == "udp" ? Network::udp : Network::unknown;
  access.host = fields.text("host");
  access.dport = narrow(fields.number("dport", UINT16_MAX));
  access.inbound = fields.text("inbound");
  access.outbound = fields.text("outbound");
  const std::string_view route = fields.text("route");
  access.route = route == "rule"      ? Route::rule
                 : route == "default" ? Route::fallback
                 : route == "forced"  ? Route::forced
                                      : Route::unknown;
  return access;
}

Ban read_ban(Fields& fields) {
  Ban ban;
  ban.at = fields.time();
  ban.node = fields.text("node");
  ban.id = fields.text("id");
  ban.origin = fields.text("origin");
  ban.target = fields.prefix("target");
  // Outside the target it would be a way to have others' connections cut.
  ban.address = fields.address("address");
  if (ban.address && !ban.target.contains(*ban.address)) fields.blame("address", "is outside the target");
  const std::optional<std::uint64_t> seconds = fields.number("seconds", kLongest);
  // Absent must not mean 0: that is a permanent ban.
  if (!seconds) fields.blame("seconds", "is missing");
  ban.duration = std::chrono::seconds{seconds.value_or(1)};
  ban.direction = fields.direction();
  ban.rule = fields.text("rule");
  ban.user = fields.user();
  ban.ports = fields.ports();
  ban.reason = fields.text("reason");
  return ban;
}

Banned read_banned(Fields& fields) {
  Banned banned;
  banned.ban = read_ban(fields);
  const std::string_view result = fields.text("result");
  banned.result = result == "extended"  ? BanResult::extended
                  : result == "present" ? BanResult::present
                                        : BanResult::added;
  banned.set = fields.text("set");
  return banned;
}

Unban read_unban(Fields& fields) {
  Unban unban;
  unban.at = fields.time();
  unban.node = fields.text("node");
  unban.id = fields.text("id");
  unban.origin = fields.text("origin");
  unban.target = fields.prefix("target");
  unban.direction = fields.direction();
  return unban;
}

Limit read_limit(Fields& fields) {
  Limit limit;
  limit.user = fields.user();
  if (limit.user.empty()) fields.blame("user", "is missing");
  const std::optional<std::uint64_t> number = fields.number("limit", UINT32_MAX);
  if (!number) fields.blame("limit", "is missing");
  limit.limit = static_cast<std::uint32_t>(number.value_or(0));
  return limit;
}

Event read(std::string_view type, Fields& fields) {
  if (type == "access") return read_access(fields);
  if (type == "ban") return read_ban(fields);
  if (type == "banned") return read_banned(fields);
  if (type == "unban") return read_unban(fields);
  if (type == "limit") return read_limit(fields);
  return Foreign{};
}

// Two objects joined on one line would otherwise pass as the first of them.
bool ends_with_object(ondemand::object& object, std::string_view line) {
  std::string_view raw;
  if (object.raw_json().get(raw)) return false;
  const char* end = raw.data() + raw.size();
  return line.find_first_not_of(" \t\r", static_cast<std::size_t>(end - line.data())) ==
         std::string_view::npos;
}

}  // namespace

struct Decoder::Parser {
  ondemand::parser json;
};

Decoder::Decoder() : parser_(std::make_unique<Parser>()) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Event Decoder::decode(std::string_view line) {
  static_assert(kPadding >= simdjson::SIMDJSON_PADDING);
  ondemand::document document;
  ondemand::object object;
  if (parser_->json.iterate(line.data(), line.size(), line.size() + kPadding).get(document) ||
      document.get_object().get(object))
    return Malformed{"it is not a JSON object"};
  Fields fields{object};
  const std::string_view type = fields.text("type");
  if (!fields.wrong.empty()) return Malformed{fields.wrong};
  if (type.empty()) return Malformed{"it has no 'type'"};
  Event event = read(type, fields);
  if (std::holds_alternative<Foreign>(event)) return event;
  if (!fields.wrong.empty()) return Malformed{fields.wrong};
  if (!ends_with_object(object, line)) return Malformed{"something stands behind its end"};
  return event;
}

}  // namespace xlimit::event
