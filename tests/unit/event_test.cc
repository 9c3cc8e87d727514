// SPDX-License-Identifier: MIT
// Every event as a line and back; text that wants to break the line; lines that are no events.
#include "event/event.h"

#include <doctest/doctest.h>

#include "event/decode.h"
#include "event/encode.h"

using namespace xlimit;
using namespace std::chrono_literals;

namespace {

const base::Time kNoon = *base::parse_time("2026-06-01T12:00:00.123456Z");

template <class T>
std::string written(const T& event) {
  event::Line line;
  return std::string{event::encode(event, line)};
}

// Keeps the decoder and the line, which the event's texts point into.
struct Reading {
  explicit Reading(std::string text) : line(std::move(text)) {
    const std::size_t size = line.size();
    line.resize(size + event::kPadding);
    event = decoder.decode({line.data(), size});
  }
  std::string why() const {
    const auto* malformed = std::get_if<event::Malformed>(&event);
    return malformed != nullptr ? malformed->why : "";
  }
  event::Decoder decoder;
  std::string line;
  event::Event event;
};

std::string without_newline(std::string line) {
  REQUIRE(line.back() == '\n');
  line.pop_back();
  return line;
}

event::Access full_access() {
  event::Access access;
  access.at = kNoon;
  access.node = "fi-1";
  access.user = "12345";
  access.ip = ip::parse_address("203.0.113.7");
  access.port = 51234;
  access.network = event::Network::tcp;
  access.host = "www.example.com";
  access.dport = 443;
  access.inbound = "vless-in";
  access.outbound = "direct";
  access.route = event::Route::fallback;
  return access;
}

event::Ban full_ban() {
  event::Ban ban;
  ban.at = kNoon;
  ban.node = "fi-1";
  ban.id = "01970b1e-0000-7000-8000-000000000000";
  ban.origin = "fi-1/session-detect";
  ban.target = *ip::parse_prefix("2001:db8::/64");
  ban.address = ip::parse_address("2001:db8::9");
  ban.duration = 60s;
  ban.rule = "addresses";
  ban.user = "12345";
  ban.ports = {40112, 40113};
  ban.reason = "2 addresses, limit 1";
  return ban;
}

}  // namespace

TEST_CASE("an access event is written as the page says") {
  CHECK(
      written(full_access()) ==
      R"({"type":"access","time":"2026-06-01T12:00:00.123456Z","node":"fi-1","user":"12345","ip":"203.0.113.7",)"
      R"("port":51234,"status":"accepted","network":"tcp","host":"www.example.com","dport":443,)"
      R"("inbound":"vless-in","outbound":"direct","route":"default"})"
      "\n");
}

TEST_CASE("an access event that is read back and written again is the same line") {
  const std::string line = written(full_access());
  const Reading reading{without_newline(line)};
  REQUIRE(std::holds_alternative<event::Access>(reading.event));
  CHECK(written(std::get<event::Access>(reading.event)) == line);
}

TEST_CASE("a suspect is written as the page says, and read back") {
  const event::Suspect suspect{.at = kNoon,
                               .node = "fi-1",
                               .target = *ip::parse_prefix("2001:db8::/64"),
                               .address = ip::parse_address("2001:db8::9"),
                               .user = "12345",
                               .ports = {40112, 40113}};
  const std::string line = written(suspect);
  CHECK(line ==
        R"({"type":"suspect","time":"2026-06-01T12:00:00.123456Z","node":"fi-1","target":"2001:db8::/64",)"
        R"("address":"2001:db8::9","user":"12345","ports":[40112,40113]})"
        "\n");
  const Reading reading{without_newline(line)};
  REQUIRE(std::holds_alternative<event::Suspect>(reading.event));
  CHECK(written(std::get<event::Suspect>(reading.event)) == line);
}

TEST_CASE("a ban that is read back and written again is the same line") {
  const std::string line = written(full_ban());
  CHECK(line.find(R"("target":"2001:db8::/64","address":"2001:db8::9","seconds":60,"direction":"in")") !=
        std::string::npos);
  const Reading reading{without_newline(line)};
  REQUIRE(std::holds_alternative<event::Ban>(reading.event));
  CHECK(written(std::get<event::Ban>(reading.event)) == line);
}

TEST_CASE("banned repeats the ban and adds result and set") {
  const std::string line = written(event::Banned{full_ban(), event::BanResult::extended, "xlimit6"});
  CHECK(line.ends_with("\"reason\":\"2 addresses, limit 1\",\"result\":\"extended\",\"set\":\"xlimit6\"}\n"));
  const Reading reading{without_newline(line)};
  REQUIRE(std::holds_alternative<event::Banned>(reading.event));
  CHECK(std::get<event::Banned>(reading.event).result == event::BanResult::extended);
}

TEST_CASE("what became of an unban is read back as it was written") {
  const event::Unban unban{.at = kNoon,
                           .node = "fi-1",
                           .id = "0197",
                           .origin = "fi-1/ipban",
                           .target = *ip::parse_prefix("192.0.2.0/24"),
                           .direction = event::Direction::out};
  const std::string line = written(event::Unbanned{unban, true, "xlimit4out"});
  const Reading reading{without_newline(line)};
  const auto* read = std::get_if<event::Unbanned>(&reading.event);
  REQUIRE(read != nullptr);
  CHECK(read->was_present);
  CHECK(written(*read) == line);
}

TEST_CASE("a line of a list holds as many targets as any line may, and is read back") {
  const std::string node(300, 'n');
  event::List list{.at = kNoon, .node = node, .list = "feed", .targets = {}};
  const std::string longest = "2001:db8:1111:2222:3333:4444:5555:";
  for (unsigned i = 0; i < event::List::kMostTargets; ++i)
    list.targets.push_back(*ip::parse_prefix(longest + std::to_string(1000 + 2 * i) + "/127"));
  const std::string line = written(list);
  CHECK(line.size() <= event::kMaxLine);
  const Reading reading{without_newline(line)};
  const auto* read = std::get_if<event::List>(&reading.event);
  REQUIRE(read != nullptr);
  CHECK(read->targets == list.targets);
  CHECK(written(*read) == line);
}

TEST_CASE("a list without a name, or with a target that is none, is no event") {
  const std::string begin = R"({"type":"list","time":"2026-06-01T12:00:00Z",)";
  CHECK(Reading{begin + R"("targets":["192.0.2.1"]})"}.why() == "'list' is missing");
  CHECK(Reading{begin + R"("list":"a","targets":["192.0.2.1","x"]})"}.why() ==
        "'targets' holds something that is not an address or prefix, or too many");
}

TEST_CASE("text from strangers can not break out of its string") {
  event::Access access = full_access();
  access.user = "a\"b\\c\nd\x01\x7f";
  access.user = std::string_view{"a\"b\\c\nd\x01\0e", 10};
  const std::string line = written(access);
  CHECK(line.find(R"("user":"a\"b\\c\nd\u0001\u0000e")") != std::string::npos);
  const Reading reading{without_newline(line)};
  CHECK(std::get<event::Access>(reading.event).user == access.user);
}

TEST_CASE("bytes that are not UTF-8 become the replacement character") {
  event::Access access = full_access();
  access.user =
      "\xff"
      "caf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xed\xa0\x80\xc0\xaf";
  const std::string line = written(access);
  const std::string bad = "\xef\xbf\xbd";
  CHECK(line.find("\"user\":\"" + bad + "caf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" + bad + bad + bad + bad +
                  bad + bad + "\"") != std::string::npos);
}

TEST_CASE("no event is longer than a pipe writes at once") {
  const std::string endless(100000, '\x01');
  event::Access access = full_access();
  access.node = access.user = access.host = access.inbound = access.outbound = access.reason = endless;
  CHECK(written(access).size() <= event::kMaxLine);
  event::Ban ban = full_ban();
  ban.node = ban.id = ban.origin = ban.rule = ban.user = ban.reason = endless;
  ban.ports.assign(1000, 65535);
  ban.duration = 3153600000s;
  CHECK(written(ban).size() <= event::kMaxLine);
  CHECK(written(event::Banned{ban, event::BanResult::extended, endless}).size() <= event::kMaxLine);
  CHECK(written(event::Refused{ban, endless}).size() <= event::kMaxLine);
  event::Violation violation;
  violation.node = violation.rule = violation.user = violation.action = violation.why = endless;
  violation.addresses.assign(1000, *ip::parse_prefix("2001:db8:1111:2222:3333:4444:5555:6660/127"));
  CHECK(written(violation).size() <= event::kMaxLine);
  event::Source source;
  source.node = source.file = source.kind = source.sample = endless;
  source.lines = UINT64_MAX;
  CHECK(written(source).size() <= event::kMaxLine);
}

TEST_CASE("a long host is cut between characters") {
  event::Access access = full_access();
  std::string host;
  for (int i = 0; i < 1000; ++i) host += "\xe2\x82\xac";
  access.host = host;
  const Reading reading{without_newline(written(access))};
  REQUIRE(std::holds_alternative<event::Access>(reading.event));
  CHECK(std::get<event::Access>(reading.event).host.size() == 1500);
}

TEST_CASE("encoded_size is the length of what is written") {
  for (const std::string_view text : {"plain", "a\"b", "\x01", "\xff", "caf\xc3\xa9"}) {
    event::Access access;
    const std::size_t without = written(access).size();
    access.user = text;
    CHECK(written(access).size() - without ==
          event::encoded_size(text) + std::string_view{",\"user\":\"\""}.size());
  }
}

TEST_CASE("lines that are no events say why") {
  CHECK(Reading{""}.why() == "it is not a JSON object");
  CHECK(Reading{"hello"}.why() == "it is not a JSON object");
  CHECK(Reading{"[1]"}.why() == "it is not a JSON object");
  CHECK(Reading{"{\"type\":\"ban\",\"tim"}.why() == "it is not a JSON object");
  CHECK(Reading{"{}"}.why() == "'type' is missing");
  CHECK(Reading{"{\"type\":5}"}.why() == "'type' is not a string");
  CHECK(Reading{R"({"type":"ban",,"target":"192.0.2.1"})"}.why() == "it is not a JSON object");
  const std::string ban = R"({"type":"ban","time":"2026-06-01T12:00:00Z","target":"192.0.2.1","seconds":60)";
  CHECK(Reading{ban + "}"}.why().empty());
  CHECK(Reading{ban}.why() == "it is not a JSON object");
  CHECK(Reading{ban + "}{\"type\":\"x\"}"}.why() == "something stands behind its end");
  CHECK(Reading{R"({"type":"ban","time":"2026-06-01T12:00:00Z","target":"banana","seconds":1})"}.why() ==
        "'target' is not an address or prefix");
  CHECK(Reading{R"({"type":"ban","time":"2026-06-01T12:00:00Z","target":"192.0.2.1"})"}.why() ==
        "'seconds' is missing");
  CHECK(Reading{R"({"type":"ban","time":"noon","target":"192.0.2.1","seconds":1})"}.why() ==
        "'time' is not an RFC 3339 time");
  CHECK(Reading{ban + ",\"ports\":[70000]}"}.why() == "'ports' holds something that is not a port");
  CHECK(Reading{ban + ",\"direction\":\"up\"}"}.why() == "'direction' is neither in nor out");
  CHECK(Reading{ban + ",\"address\":\"192.0.2.2\"}"}.why() == "'address' is outside the target");
}

TEST_CASE("fields may stand in any order, and unknown ones are ignored") {
  const Reading reading{
      R"({"new":{"a":[1,{}]},"seconds":60,"target":"192.0.2.1","time":"2026-06-01T12:00:00Z","type":"ban"})"};
  REQUIRE(std::holds_alternative<event::Ban>(reading.event));
  CHECK(ip::to_string(std::get<event::Ban>(reading.event).target) == "192.0.2.1");
}

TEST_CASE("an event of an unknown type is foreign") {
  CHECK(std::holds_alternative<event::Foreign>(Reading{R"({"type":"weather","rain":true})"}.event));
}
