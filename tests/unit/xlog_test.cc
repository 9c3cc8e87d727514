// SPDX-License-Identifier: MIT
// One log line to an event, or to the kind of line it is instead.
#include <doctest/doctest.h>

#include <string>

#include "event/encode.h"
#include "xlog/reader.h"

using namespace std::chrono_literals;
using xlimit::event::Access;
using xlimit::event::Network;
using xlimit::event::Route;
using xlimit::event::Status;
using xlimit::xlog::Kind;
using xlimit::xlog::Reader;
using xlimit::xlog::Reading;

namespace {

// A zone without summer time, two hours east of Greenwich.
xlimit::base::UtcCandidates east(xlimit::base::LocalMinute minute) {
  const xlimit::base::Time at{minute.time_since_epoch() - 2h};
  return {at, at};
}

// A zone that shows the hour from 02:00 on 2026/10/25 twice.
xlimit::base::UtcCandidates autumn(xlimit::base::LocalMinute minute) {
  const xlimit::base::Time utc{minute.time_since_epoch()};
  const auto change = std::chrono::local_days{std::chrono::year{2026} / 10 / 25};
  if (minute < change + 2h) return {utc - 2h, utc - 2h};
  if (minute < change + 3h) return {utc - 2h, utc - 1h};
  return {utc - 1h, utc - 1h};
}

Reading read(std::string_view line) {
  Reader reader{east};
  return reader.read(line);
}

std::string ip(const Access& access) { return access.ip ? to_string(*access.ip) : ""; }

constexpr std::string_view kHead =
    "2026/06/01 12:00:00.123456 from 203.0.113.7:51234 accepted tcp:www.example.com:443";
std::string behind_head(std::string_view tail) { return std::string{kHead} + std::string{tail}; }

std::string from(std::string_view source) {
  return "2026/06/01 12:00:00 from " + std::string{source} +
         " accepted tcp:www.example.com:443 [in -> out] email: ann";
}

std::string to(std::string_view destination) {
  return "2026/06/01 12:00:00 from 203.0.113.7:1 accepted " + std::string{destination} +
         " [in -> out] email: ann";
}

std::string time_text(const Access& access) {
  char text[xlimit::base::kTimeLength];
  return {text, xlimit::base::format_time(access.at, text)};
}

}  // namespace

TEST_CASE("a record of today's Xray becomes an event with all its fields") {
  const std::string line = behind_head(" [vless-in >> direct] email: 12345");
  const Reading reading = read(line);
  REQUIRE(reading.kind == Kind::access);
  const Access& access = reading.access;
  CHECK(time_text(access) == "2026-06-01T10:00:00.123456Z");
  CHECK(ip(access) == "203.0.113.7");
  CHECK(access.port == 51234);
  CHECK(access.status == Status::accepted);
  CHECK(access.network == Network::tcp);
  CHECK(access.host == "www.example.com");
  CHECK(access.dport == 443);
  CHECK(access.inbound == "vless-in");
  CHECK(access.outbound == "direct");
  CHECK(access.route == Route::fallback);
  CHECK(access.user == "12345");
}

TEST_CASE("sources are read with and without a network, in brackets, with a zone, and mapped") {
  CHECK(ip(read(from("tcp:198.51.100.4:1")).access) == "198.51.100.4");
  CHECK(ip(read(from("udp:[2001:db8::1]:0")).access) == "2001:db8::1");
  CHECK(ip(read(from("[fe80::1%eth0]:5")).access) == "fe80::1");
  CHECK(ip(read(from("[::ffff:192.0.2.9]:5")).access) == "192.0.2.9");
  CHECK(ip(read("2019/10/25 16:30:49 192.0.2.1:9 accepted tcp:a.example:1 ").access) == "192.0.2.1");
  CHECK(read(from("192.0.2.1:0")).access.port == 0);
}

TEST_CASE("a source without an address is counted, never guessed") {
  for (const char* source :
       {"@", "unix:@", "unix:/run/a b.sock", "DoH", "tcp:", "", "myhost:57676", "xxx.xx:xx", "0.0.0.0:0",
        "0.0.0.0:9", "tcp:0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:9"})
    CHECK(read(from(source)).kind == Kind::no_address);
  CHECK(read(from("DNS")).kind == Kind::dns);
  CHECK(read(from("203.0.113.700:1")).kind == Kind::cut);
  CHECK(read(from("203.0.113.7:70000")).kind == Kind::cut);
}

TEST_CASE("every setting of maskAddress is recognised") {
  for (const char* source : {"[Masked IPv4]:0", "tcp:[Masked IPv4]:443", "[Masked IPv6]:443", "1.*.*.*:5",
                             "1.2.*.*:5", "tcp:1.2.3.*:5", "[2001::/16]:5", "udp:[2001:db8::/32]:5"})
    CHECK(read(from(source)).kind == Kind::masked);
  const std::string line = to("tcp:[Masked IPv6]:443");
  CHECK(read(line).kind == Kind::access);
  CHECK(read(line).access.host.empty());
}

TEST_CASE("destinations are read in every form") {
  const auto check = [](const char* destination, std::string_view host, int port, Network network) {
    const std::string line = to(destination);
    const Reading reading = read(line);
    CHECK(reading.kind == Kind::access);
    CHECK(reading.access.host == host);
    CHECK(reading.access.dport.value_or(0) == port);
    CHECK(reading.access.network == network);
    CHECK(reading.access.user == "ann");
  };
  check("udp:[2001:db8::53]:53", "2001:db8::53", 53, Network::udp);
  check("198.51.100.1:443", "198.51.100.1", 443, Network::unknown);
  check("[2001:db8::1]:443", "2001:db8::1", 443, Network::unknown);
  check("//www.example.com:8443", "www.example.com", 8443, Network::tcp);
  check("http://www.example.com/a?b=c:9", "www.example.com", 80, Network::tcp);
  check("https://a:b@[2001:db8::1]", "2001:db8::1", 443, Network::tcp);
  check("http://www.example.com:8080", "www.example.com", 8080, Network::tcp);
  check("tcp:127.0.0.1:0", "127.0.0.1", 0, Network::tcp);
}

TEST_CASE("tags may hold blanks, brackets and bytes of any script") {
  const std::string line = behind_head(" [GRPC [6] ›a->b >> 标识] email: a [b] \"c\" email: d");
  const Reading reading = read(line);
  REQUIRE(reading.kind == Kind::access);
  CHECK(reading.access.inbound == "GRPC [6] ›a->b");
  CHECK(reading.access.outbound == "标识");
  CHECK(reading.access.user == "a [b] \"c\" email: d");
}

TEST_CASE("a detour with two arrows is nobody's to split") {
  const std::string line = behind_head(" [a -> b -> c] email: ann");
  const Reading reading = read(line);
  CHECK(reading.kind == Kind::access);
  CHECK(reading.access.inbound.empty());
  CHECK(reading.access.outbound.empty());
  CHECK(reading.access.user == "ann");
}

TEST_CASE("the user is read as v2ray wrote it too") {
  CHECK(read(behind_head(" [direct] email:bob ")).kind == Kind::access);
  const std::string line = behind_head(" email:bob@a b ");
  CHECK(read(line).access.user == "bob@a b");
}

TEST_CASE("nothing is taken out of the reason of a reject") {
  const Reading reading = read(
      "2026/06/01 12:00:00 from 203.0.113.7:1 rejected  a > b: 192.0.2.1:2 accepted tcp:c:1 [x -> y] email: "
      "root");
  REQUIRE(reading.kind == Kind::access);
  CHECK(reading.access.status == Status::rejected);
  CHECK(reading.access.reason == "a > b: 192.0.2.1:2 accepted tcp:c:1 [x -> y] email: root");
  CHECK(reading.access.user.empty());
  CHECK(reading.access.host.empty());
}

TEST_CASE("a record without its head or tail is cut") {
  for (const char* tail : {" [in -> ou", " [in -> out] ema", " [in -> out] email: ", " [in -> out] email:"})
    CHECK(read(behind_head(tail)).kind == Kind::cut);
  for (std::size_t length = 20; length < 74; ++length) {
    CAPTURE(kHead.substr(0, length));
    CHECK(read(kHead.substr(0, length)).kind != Kind::access);
  }
  for (std::size_t start = 1; start < 57; ++start) CHECK(read(kHead.substr(start)).kind != Kind::access);
  CHECK(read("026/06/01 12:00:00 [Info] [1] core: text").kind == Kind::log);
}

TEST_CASE("two lines in one are never one event") {
  const std::string line = behind_head(" [in -> out] email: ann");
  CHECK(read(line + line).kind == Kind::joined);
  CHECK(read(line + line.substr(27)).kind == Kind::joined);
  const std::string nameless = line.substr(0, line.find(" email: "));
  CHECK(read(nameless + line.substr(26)).kind == Kind::joined);
  CHECK(read(nameless.substr(0, nameless.find(" ->")) + line.substr(26)).kind == Kind::joined);
  for (std::size_t cut = 1; cut < line.size(); ++cut) {
    CAPTURE(cut);
    CHECK(read(line.substr(0, cut) + line).kind != Kind::access);
    CHECK(read(line.substr(cut) + line).kind != Kind::access);
  }
  CHECK(read("2026/06/01 12:00:00 [Info] [1] a/b: c" + line).kind == Kind::joined);
}

TEST_CASE("a record with the end of another behind it is not given that one's user") {
  const std::string line = behind_head(" [in -> out] email: ann");
  const std::string nameless = line.substr(0, line.find(" email: "));
  const std::string bare = nameless.substr(0, nameless.find(" ["));
  // What comes later may be its own: more digits of the port, or of a tag that holds a bracket.
  for (std::size_t cut = 1; cut <= bare.size() + 1; ++cut) {
    CAPTURE(cut);
    CHECK(read(nameless + line.substr(cut)).kind != Kind::access);
    if (cut <= bare.rfind(':')) CHECK(read(bare + line.substr(cut)).kind != Kind::access);
  }
}

TEST_CASE("tags may hold brackets in pairs") {
  const std::string line = behind_head(" [[A] in >> [B] out] email: ann");  // what was read are views of it
  const Reading& reading = read(line);
  CHECK(reading.kind == Kind::access);
  CHECK(reading.access.inbound == "[A] in");
  CHECK(reading.access.outbound == "[B] out");
}

TEST_CASE("the core's other lines are told apart") {
  CHECK(read("2026/06/01 12:00:00 [Warning] core: Xray 26.7.28 started").kind == Kind::log);
  CHECK(read("Xray 26.7.28 (Xray, Penetrates Everything.) 5ca6f4b (go1.26.5 linux/amd64)").kind == Kind::log);
  CHECK(read("2026/06/01 12:00:00 UDP:1.1.1.1:53 got answer: a.example. -> [192.0.2.1] 9ms").kind ==
        Kind::dns);
  CHECK(read("2026/06/01 12:00:00 localhost cache HIT: a.example -> []").kind == Kind::dns);
  CHECK(read("2026/06/01 12:00:00 Using existing driver 0.14").kind == Kind::foreign);
  CHECK(read("").kind == Kind::foreign);
}

TEST_CASE("whatever stands before the core's stamp is seen through") {
  const std::string line = behind_head(" [in -> out] email: ann");
  for (const char* prefix : {"Jan 27 14:46:57 node xray[12]: ",
                             "Jan  7 14:46:57.123456 node xray[12]: ",
                             "<30>Jan 27 14:46:57 node xray: ",
                             "<30>1 2026-01-27T14:46:57Z node xray 12 - - ",
                             "2026-01-27T14:46:57+0300 node xray[12]: ",
                             "Thu Oct 13 07:50:02 2022 daemon.info xray[12]: ",
                             "Tue 2026-01-27 14:46:57 CET node xray[12]: ",
                             "1769525217.837289 node xray[12]: ",
                             "[12345.567890] node xray[12]: ",
                             "[    5.567890] node xray[12]: ",
                             "[12345.567890 <    1.000002 >] node xray[12]: ",
                             "[12345.567890 <         >] node xray[12]: ",
                             "2026-01-27T14:46:57.123456789Z ",
                             "2026-01-27 14:46:57.123456  ",
                             "2026-01-27T14:46:57.123456789Z stdout F ",
                             "remnanode  | ",
                             "remnanode-1  | 2026-01-27T14:46:57.1Z ",
                             "xray[12]: ",
                             "[Xray] ",
                             "@4000000069a1b2c30a1b2c3d ",
                             "2026/06/01 11:59:59.123 [I] [io.go:429] "}) {
    CAPTURE(prefix);
    const Reading reading = read(prefix + line);
    CHECK(reading.kind == Kind::access);
    CHECK(time_text(reading.access) == "2026-06-01T10:00:00.123456Z");
  }
}

TEST_CASE("a record without a stamp takes the whole date of what carried it, and is cut without one") {
  const std::string line{behind_head(" [in -> out] email: ann").substr(27)};
  const auto time_behind = [&](const char* prefix) {
    const Reading reading = read(prefix + line);
    CHECK(reading.kind == Kind::access);
    return time_text(reading.access);
  };
  CHECK(time_behind("2026-05-10T20:47:40+03:30 node xray[1]: ") == "2026-05-10T17:17:40.000000Z");
  CHECK(time_behind("2026-05-10 20:47:40.25 ") == "2026-05-10T18:47:40.250000Z");
  CHECK(time_behind("Thu Oct 13 07:50:02 2022 daemon.info xray[1]: ") == "2022-10-13T05:50:02.000000Z");
  CHECK(time_behind("1769525217.837289 node xray[1]: ") == "2026-01-27T14:46:57.837289Z");
  CHECK(time_behind("2022/10/13 07:50:02.123 [I] [io.go:429] ") == "2022-10-13T05:50:02.123000Z");
  CHECK(read(line).kind == Kind::cut);
  CHECK(read("Jan 27 14:46:57 node xray[12]: " + line).kind == Kind::cut);
  CHECK(read("[12345.567890] node xray[12]: " + line).kind == Kind::cut);
  CHECK(read("2026/02/30 12:00:00 " + line).kind == Kind::cut);
}

TEST_CASE("the zone is asked for each minute of a day on which clocks change, and once for any other") {
  int asked = 0;
  Reader reader{[&asked](xlimit::base::LocalMinute minute) {
    ++asked;
    return autumn(minute);
  }};
  const std::chrono::sys_days change{std::chrono::year{2026} / 10 / 25};
  const auto read_day = [&](const std::string& date, std::chrono::sys_days day) {
    asked = 0;
    for (auto minute = 0min; minute < 24h; ++minute) {
      const auto two = [](long number) { return (number < 10 ? "0" : "") + std::to_string(number); };
      const std::string clock = " " + two(minute / 1h) + ":" + two(minute % 1h / 1min) + ":00";
      const Reading reading = reader.read(date + clock + " from 192.0.2.1:1 accepted tcp:a.example:1");
      const bool summer = day + minute < change + 3h;
      CHECK(reading.access.at == day + minute - (summer ? 2h : 1h));
    }
  };
  read_day("2026/10/24", change - std::chrono::days{1});
  CHECK(asked <= 2);
  read_day("2026/10/25", change);
  CHECK(asked > 24 * 60);
  read_day("2026/10/26", change + std::chrono::days{1});
  CHECK(asked <= 2);
}

TEST_CASE("a minute that the clock shows twice is the one that follows the last line") {
  Reader reader{autumn};
  const auto at = [&](const std::string& clock) {
    return time_text(
        reader.read("2026/10/25 " + clock + " from 192.0.2.1:1 accepted tcp:a.example:1").access);
  };
  CHECK(at("01:59:59") == "2026-10-24T23:59:59.000000Z");
  CHECK(at("02:30:00") == "2026-10-25T00:30:00.000000Z");
  CHECK(at("02:29:59") == "2026-10-25T00:29:59.000000Z");
  CHECK(at("02:59:59") == "2026-10-25T00:59:59.000000Z");
  CHECK(at("02:00:00") == "2026-10-25T01:00:00.000000Z");
  CHECK(at("02:30:00") == "2026-10-25T01:30:00.000000Z");
  CHECK(at("02:59:59") == "2026-10-25T01:59:59.000000Z");
  CHECK(at("03:00:00") == "2026-10-25T02:00:00.000000Z");
}

TEST_CASE("control characters, long lines and long names are refused, a carriage return is not") {
  const std::string line = behind_head(" [in -> out] email: ann");
  CHECK(read(line + "\r").access.user == "ann");
  for (std::size_t at = 0; at < line.size(); ++at) {
    for (const char c : {'\0', '\t', '\x1b', '\x7f', '\r'}) {
      if (c == '\r' && at + 1 == line.size()) continue;
      std::string bad = line;
      bad[at] = c;
      CHECK(read(bad).kind == Kind::control);
    }
  }
  CHECK(read(line + std::string(512, 'x')).kind == Kind::too_long);
  CHECK(read(line + std::string(509, 'x')).kind == Kind::access);
  CHECK(read(line + std::string(100, '\x80')).kind == Kind::access);
  CHECK(read(line + std::string(172, '\x80')).kind == Kind::too_long);
  CHECK(read(line + std::string(xlimit::xlog::kMaxLine, 'x')).kind == Kind::too_long);
}
