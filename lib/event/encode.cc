// SPDX-License-Identifier: MIT
// One function per event; the fields stand in the order of xlimit-events(5). Written by appending, because a
// log can bring millions of lines a second and runtime formatting halves the rate.
#include "event/encode.h"

#include <algorithm>

#include "event/writer.h"

namespace xlimit::event {
namespace {

// Caps in encoded bytes. Those of one event, its addresses and its fixed part stay below kMaxLine.
constexpr std::size_t kNode = 253;  // a host name, RFC 1035
constexpr std::size_t kHost = 1500;
constexpr std::size_t kReason = 800;
constexpr std::size_t kTag = 240;
constexpr std::size_t kWhy = 1000;
constexpr std::size_t kWord = 64;
constexpr std::size_t kOrigin = 320;
constexpr std::size_t kFile = 512;
constexpr std::size_t kSample = 512;
constexpr std::size_t kMaxAddresses = 24;

constexpr std::string_view kNodeKey = ",\"node\":";
constexpr std::string_view kUserKey = ",\"user\":";
constexpr std::string_view kTargetKey = ",\"target\":";

void put_status(Writer& writer, Status status) {
  switch (status) {
    case Status::accepted: return writer.raw(",\"status\":\"accepted\"");
    case Status::rejected: return writer.raw(",\"status\":\"rejected\"");
  }
}

void put_network(Writer& writer, Network network) {
  switch (network) {
    case Network::unknown: return;
    case Network::tcp: return writer.raw(",\"network\":\"tcp\"");
    case Network::udp: return writer.raw(",\"network\":\"udp\"");
  }
}

void put_route(Writer& writer, Route route) {
  switch (route) {
    case Route::unknown: return;
    case Route::rule: return writer.raw(",\"route\":\"rule\"");
    case Route::fallback: return writer.raw(",\"route\":\"default\"");
    case Route::forced: return writer.raw(",\"route\":\"forced\"");
  }
}

void put_direction(Writer& writer, Direction direction) {
  writer.raw(direction == Direction::in ? ",\"direction\":\"in\"" : kOutText);
}

void put_ban(Writer& writer, const Ban& ban) {
  writer.text(kNodeKey, ban.node, kNode);
  writer.text(",\"id\":", ban.id, kWord);
  writer.text(",\"origin\":", ban.origin, kOrigin);
  writer.prefix(kTargetKey, ban.target);
  if (ban.address) writer.address(",\"address\":", *ban.address);
  writer.number(",\"seconds\":", ban.duration.count());
  put_direction(writer, ban.direction);
  writer.text(",\"rule\":", ban.rule, kWord);
  writer.text(kUserKey, ban.user, kMaxUser);
  writer.ports(ban.ports);
  writer.text(",\"reason\":", ban.reason, kReason);
}

void put_unban(Writer& writer, const Unban& unban) {
  writer.text(kNodeKey, unban.node, kNode);
  writer.text(",\"id\":", unban.id, kWord);
  writer.text(",\"origin\":", unban.origin, kOrigin);
  writer.prefix(kTargetKey, unban.target);
  put_direction(writer, unban.direction);
}

std::span<const ip::Prefix> first(const std::vector<ip::Prefix>& prefixes, std::size_t most) {
  return std::span{prefixes}.first(std::min(prefixes.size(), most));
}

void put_prefixes(Writer& writer, std::span<const ip::Prefix> prefixes) {
  writer.raw("[");
  for (const ip::Prefix& prefix : prefixes) {
    if (&prefix != prefixes.data()) writer.raw(",");
    writer.quoted(prefix);
  }
  writer.raw("]");
}

}  // namespace

std::string_view encode(const Access& event, char* out) {
  Writer writer{out, "access", event.at, event.plain};
  writer.text(kNodeKey, event.node, kNode);
  writer.text(kUserKey, event.user, kMaxUser);
  if (event.ip) writer.address(",\"ip\":", *event.ip);
  if (event.port) writer.number(",\"port\":", *event.port);
  put_status(writer, event.status);
  writer.text(",\"reason\":", event.reason, kReason);
  put_network(writer, event.network);
  writer.text(",\"host\":", event.host, kHost);
  if (event.dport) writer.number(",\"dport\":", *event.dport);
  writer.text(",\"inbound\":", event.inbound, kTag);
  writer.text(",\"outbound\":", event.outbound, kTag);
  put_route(writer, event.route);
  return writer.finish();
}

std::string_view encode(const Violation& event, Line& line) {
  Writer writer{line, "violation", event.at};
  writer.text(kNodeKey, event.node, kNode);
  writer.text(",\"rule\":", event.rule, kWord);
  writer.text(kUserKey, event.user, kMaxUser);
  if (event.limit > 0) writer.number(",\"limit\":", event.limit);
  writer.raw(",\"addresses\":");
  put_prefixes(writer, first(event.addresses, kMaxAddresses));
  writer.number(",\"window_seconds\":", event.window.count());
  writer.text(",\"action\":", event.action, kWord);
  writer.text(",\"why\":", event.why, kWhy);
  return writer.finish();
}

std::string_view encode(const Suspect& event, Line& line) {
  Writer writer{line, "suspect", event.at};
  writer.text(kNodeKey, event.node, kNode);
  writer.prefix(kTargetKey, event.target);
  if (event.address) writer.address(",\"address\":", *event.address);
  writer.text(kUserKey, event.user, kMaxUser);
  writer.ports(event.ports);
  return writer.finish();
}

std::string_view encode(const Ban& event, Line& line) {
  Writer writer{line, "ban", event.at};
  put_ban(writer, event);
  return writer.finish();
}

std::string_view encode(const Banned& event, Line& line) {
  Writer writer{line, "banned", event.ban.at};
  put_ban(writer, event.ban);
  writer.text(",\"result\":", word(event.result), kWord);
  writer.text(",\"set\":", event.set, kWord);
  return writer.finish();
}

std::string_view encode(const Refused& event, Line& line) {
  Writer writer{line, "refused", event.ban.at};
  put_ban(writer, event.ban);
  writer.text(",\"why\":", event.why, kWhy);
  return writer.finish();
}

std::string_view encode(const Unban& event, Line& line) {
  Writer writer{line, "unban", event.at};
  put_unban(writer, event);
  return writer.finish();
}

std::string_view word(BanResult result) {
  switch (result) {
    case BanResult::added: return "added";
    case BanResult::extended: return "extended";
    case BanResult::present: return "present";
  }
  return "";
}

std::string target_text(const ip::Prefix& target) {
  return std::string{kTargetKey} + '"' + ip::to_string(target) + '"';
}

std::string_view encode(const Unbanned& event, Line& line) {
  Writer writer{line, "unbanned", event.unban.at};
  put_unban(writer, event.unban);
  writer.raw(event.was_present ? ",\"result\":\"removed\"" : ",\"result\":\"absent\"");
  writer.text(",\"set\":", event.set, kWord);
  return writer.finish();
}

std::string_view encode(const List& event, Line& line) {
  Writer writer{line, "list", event.at};
  writer.text(kNodeKey, event.node, kNode);
  writer.text(",\"list\":", event.list, kWord);
  put_direction(writer, event.direction);
  writer.raw(",\"targets\":");
  put_prefixes(writer, first(event.targets, List::kMostTargets));
  return writer.finish();
}

std::string_view encode(const Killed& event, Line& line) {
  Writer writer{line, "killed", event.at};
  writer.text(kNodeKey, event.node, kNode);
  writer.prefix(kTargetKey, event.target);
  writer.number(",\"sockets\":", event.sockets);
  writer.number(",\"left\":", event.left);
  return writer.finish();
}

std::string_view encode(const Source& event, Line& line) {
  Writer writer{line, "source", event.at};
  writer.text(kNodeKey, event.node, kNode);
  writer.text(",\"file\":", event.file, kFile);
  writer.text(",\"kind\":", event.kind, kWord);
  if (event.lines) writer.number(",\"lines\":", *event.lines);
  if (event.bytes) writer.number(",\"bytes\":", *event.bytes);
  writer.text(",\"sample\":", event.sample, kSample);
  return writer.finish();
}

}  // namespace xlimit::event
