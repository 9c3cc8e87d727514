// SPDX-License-Identifier: MIT
// Which fields each event has. They are asked for in the order encode.cc writes them, so that each look-up
// hits at once.
#include "event/decode.h"

#include "base/number.h"

namespace xlimit::event {
namespace {

Direction read_direction(Object& fields) {
  const std::string_view word = fields.text("direction");
  if (word == "out") return Direction::out;
  if (!word.empty() && word != "in") fields.blame("direction", "is neither in nor out");
  return Direction::in;
}

Status read_status(Object& fields) {
  const std::string_view word = fields.text("status");
  if (word == "rejected") return Status::rejected;
  if (word != "accepted") fields.blame("status", "is neither accepted nor rejected");
  return Status::accepted;
}

std::optional<std::uint16_t> narrow(std::optional<std::uint64_t> port) {
  if (!port) return {};
  return static_cast<std::uint16_t>(*port);
}

Access read_access(Object& fields) {
  Access access;
  access.at = fields.time("time");
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

// Whom an event is about, and which of the target's addresses was seen last.
template <class AboutSomebody>
void read_target(Object& fields, AboutSomebody& event) {
  event.target = fields.prefix("target");
  // Outside the target it would be a way to have others' connections cut.
  event.address = fields.address("address");
  if (event.address && !event.target.contains(*event.address))
    fields.blame("address", "is outside the target");
}

Suspect read_suspect(Object& fields) {
  Suspect suspect;
  suspect.at = fields.time("time");
  suspect.node = fields.text("node");
  read_target(fields, suspect);
  suspect.user = fields.user();
  suspect.ports = fields.ports();
  return suspect;
}

Ban read_ban(Object& fields) {
  Ban ban;
  ban.at = fields.time("time");
  ban.node = fields.text("node");
  ban.id = fields.text("id");
  ban.origin = fields.text("origin");
  read_target(fields, ban);
  const std::optional<std::uint64_t> seconds = fields.number("seconds", base::kLongestDuration.count());
  // Absent must not mean 0: that is a permanent ban.
  if (!seconds) fields.blame("seconds", "is missing");
  ban.duration = std::chrono::seconds{seconds.value_or(1)};
  ban.direction = read_direction(fields);
  ban.rule = fields.text("rule");
  ban.user = fields.user();
  ban.ports = fields.ports();
  ban.reason = fields.text("reason");
  return ban;
}

Banned read_banned(Object& fields) {
  Banned banned;
  banned.ban = read_ban(fields);
  const std::string_view result = fields.text("result");
  banned.result = result == "extended"  ? BanResult::extended
                  : result == "present" ? BanResult::present
                                        : BanResult::added;
  banned.set = fields.text("set");
  return banned;
}

Unban read_unban(Object& fields) {
  Unban unban;
  unban.at = fields.time("time");
  unban.node = fields.text("node");
  unban.id = fields.text("id");
  unban.origin = fields.text("origin");
  unban.target = fields.prefix("target");
  unban.direction = read_direction(fields);
  return unban;
}

Unbanned read_unbanned(Object& fields) {
  Unbanned unbanned;
  unbanned.unban = read_unban(fields);
  unbanned.was_present = fields.text("result") == "removed";
  unbanned.set = fields.text("set");
  return unbanned;
}

List read_list(Object& fields) {
  List list;
  list.at = fields.time("time");
  list.node = fields.text("node");
  list.list = fields.text("list");
  if (list.list.empty()) fields.blame("list", "is missing");
  list.direction = read_direction(fields);
  list.targets = fields.prefixes("targets", List::kMostTargets);
  return list;
}

Limit read_limit(Object& fields) {
  Limit limit;
  limit.user = fields.user();
  if (limit.user.empty()) fields.blame("user", "is missing");
  const std::optional<std::uint64_t> number = fields.number("limit", UINT32_MAX);
  if (!number) fields.blame("limit", "is missing");
  limit.limit = static_cast<std::uint32_t>(number.value_or(0));
  return limit;
}

Event read(std::string_view type, Object& fields) {
  if (type == "access") return read_access(fields);
  if (type == "suspect") return read_suspect(fields);
  if (type == "ban") return read_ban(fields);
  if (type == "banned") return read_banned(fields);
  if (type == "unban") return read_unban(fields);
  if (type == "unbanned") return read_unbanned(fields);
  if (type == "list") return read_list(fields);
  if (type == "limit") return read_limit(fields);
  return Foreign{};
}

constexpr std::string_view kUser = "\"user\":\"";
constexpr std::size_t kNearby = 512;

}  // namespace

std::string_view guess_user(std::string_view text) {
  if (text.empty()) return {};
  text = text.substr(0, kNearby);
  const void* found = ::memmem(text.data(), text.size(), kUser.data(), kUser.size());
  if (found == nullptr) return {};
  text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + kUser.size());
  return text.substr(0, text.find('"'));
}

Event Decoder::decode(std::string_view line) {
  object_.open(line);
  const std::string_view type = object_.text("type");
  if (type.empty()) object_.blame("type", "is missing");
  if (!object_.wrong().empty()) return Malformed{object_.wrong()};
  Event event = read(type, object_);
  if (std::holds_alternative<Foreign>(event)) return event;
  if (!object_.close()) return Malformed{object_.wrong()};
  return event;
}

}  // namespace xlimit::event
