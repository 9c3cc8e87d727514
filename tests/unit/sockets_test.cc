// SPDX-License-Identifier: MIT
// Recorded sock_diag dumps replayed, endpoints, targets, lists. tests/captures/record_sock_diag.py made the
// dumps.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "sockets/decode.h"
#include "sockets/finder.h"
#include "sockets/listing.h"
#include "sockets/request.h"
#include "sockets/scout.h"
#include "sockets/targets.h"

using namespace xlimit;
using sockets::Connection;
using sockets::State;

namespace {

std::vector<std::byte> read_capture(const std::string& name) {
  std::ifstream file{XLIMIT_TESTS "/captures/" + name, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::vector<std::byte> bytes(text.size());
  std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

std::vector<std::string> lines_of(const std::vector<Connection>& connections) {
  std::vector<std::string> lines;
  for (const Connection& connection : connections) {
    std::string line = sockets::format_connections({&connection, 1}, sockets::Form::plain);
    line.pop_back();
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

ip::Address address(std::string_view text) { return *ip::parse_address(text); }
ip::Prefix prefix(std::string_view text) { return *ip::parse_prefix(text); }

Connection listener(std::uint8_t family, std::string_view local, std::uint16_t port) {
  Connection connection;
  connection.family = family;
  connection.state = State::listening;
  connection.local = address(local);
  connection.local_port = port;
  return connection;
}

std::vector<std::string> places_of(const std::vector<sockets::Endpoint>& endpoints) {
  std::vector<std::string> texts;
  for (const auto& endpoint : endpoints)
    texts.push_back(ip::to_string(endpoint.address) + ' ' + std::to_string(endpoint.port));
  return texts;
}

}  // namespace

TEST_CASE("a recorded TCP dump shows both families, and IPv4 clients of the dual-stack listener as IPv4") {
  const auto seen = sockets::decode_dump(read_capture("sock_diag_tcp.bin"), sockets::Protocol::tcp);
  CHECK(lines_of(seen) == std::vector<std::string>{
                              "tcp close-wait [2001:db8:7::7]:40003 [2001:db8::1]:443",
                              "tcp established 192.0.2.1:443 203.0.113.7:40001",
                              "tcp established 192.0.2.1:443 203.0.113.7:40004",
                              "tcp established 192.0.2.1:80 203.0.113.7:40002",
                              "tcp established 203.0.113.7:40001 192.0.2.1:443",
                              "tcp established 203.0.113.7:40002 192.0.2.1:80",
                              "tcp established 203.0.113.7:40004 192.0.2.1:443",
                              "tcp fin-wait-1 [2001:db8::1]:443 [2001:db8:7::7]:40003",
                              "tcp listening 0.0.0.0:80 0.0.0.0:0",
                              "tcp listening [::]:443 [::]:0",
                          });
  const auto mapped = std::find_if(seen.begin(), seen.end(), [](const Connection& connection) {
    return connection.local_port == 443 && connection.remote_port == 40001;
  });
  REQUIRE(mapped != seen.end());
  CHECK(mapped->family == AF_INET6);
  CHECK(mapped->cookie != 0);
}

TEST_CASE("only connected UDP sockets have a peer") {
  const auto seen = sockets::decode_dump(read_capture("sock_diag_udp.bin"), sockets::Protocol::udp);
  REQUIRE(seen.size() == 2);
  CHECK(std::count_if(seen.begin(), seen.end(), [](const Connection& c) { return c.has_peer(); }) == 1);
}

TEST_CASE("listeners have no peer") {
  for (const Connection& connection :
       sockets::decode_dump(read_capture("sock_diag_tcp.bin"), sockets::Protocol::tcp))
    CHECK(connection.has_peer() == (connection.state != State::listening));
}

TEST_CASE("a dump cut anywhere gives what is whole and nothing else") {
  const std::vector<std::byte> whole = read_capture("sock_diag_tcp.bin");
  const std::size_t all = sockets::decode_dump(whole, sockets::Protocol::tcp).size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    CHECK(sockets::decode_dump(cut, sockets::Protocol::tcp).size() <= all);
  }
}

TEST_CASE("a destroy request names the socket by its cookie, and mapped addresses go back mapped") {
  for (const Connection& connection :
       sockets::decode_dump(read_capture("sock_diag_tcp.bin"), sockets::Protocol::tcp)) {
    alignas(nlmsghdr) std::array<std::byte, sockets::kRequest> buffer{};
    netlink::Batch batch{buffer};
    sockets::put_destroy(batch, connection, 1);
    REQUIRE_FALSE(batch.full());
    const auto& id = reinterpret_cast<const inet_diag_req_v2*>(batch.bytes().data() + sizeof(nlmsghdr))->id;
    CHECK(id.idiag_cookie[0] != INET_DIAG_NOCOOKIE);
    CHECK((id.idiag_cookie[0] | std::uint64_t{id.idiag_cookie[1]} << 32) == connection.cookie);
    const bool mapped = connection.family == AF_INET6 && connection.remote.is_v4();
    CHECK((id.idiag_dst[2] == htonl(0xffff)) == mapped);
  }
}

TEST_CASE("a wildcard listener is every own address of its families") {
  const std::vector<Connection> listeners{listener(AF_INET6, "::", 443), listener(AF_INET, "0.0.0.0", 80)};
  const std::vector<ip::Prefix> own{prefix("192.0.2.1"), prefix("2001:db8::1"), prefix("127.0.0.0/8")};
  CHECK(places_of(sockets::endpoints_of(listeners, own, {})) ==
        std::vector<std::string>{"192.0.2.1 443", "2001:db8::1 443", "192.0.2.1 80"});
}

TEST_CASE("endpoints that were hit stay in front, those that went are forgotten, none stands twice") {
  const std::vector<Connection> listeners{listener(AF_INET, "192.0.2.1", 80),
                                          listener(AF_INET, "192.0.2.1", 443),
                                          listener(AF_INET, "192.0.2.1", 443)};
  const std::vector<sockets::Endpoint> known{{address("192.0.2.1"), 443}, {address("192.0.2.9"), 1}};
  CHECK(places_of(sockets::endpoints_of(listeners, {}, known)) ==
        std::vector<std::string>{"192.0.2.1 443", "192.0.2.1 80"});
}

TEST_CASE("a socket counts for the narrowest target around its peer") {
  const std::vector<ip::Prefix> prefixes{prefix("203.0.113.0/24"), prefix("203.0.113.7"),
                                         prefix("2001:db8::/64"), prefix("203.0.113.7")};
  const sockets::Targets targets{prefixes};
  CHECK(targets.find(address("203.0.113.7")) == 1);
  CHECK(targets.find(address("203.0.113.8")) == 0);
  CHECK(targets.find(address("2001:db8::42")) == 2);
  CHECK_FALSE(targets.find(address("2001:db8:1::42")));
  CHECK_FALSE(targets.find(address("198.51.100.1")));
}

TEST_CASE("of a prefix the address with most connections is told, with no more ports than a ban can name") {
  std::vector<sockets::Peer> peers{{address("198.51.100.1"), 9},
                                   {address("2001:db8::1"), 1},
                                   {address("2001:db8::2"), 2},
                                   {address("2001:db8::2"), 3},
                                   {address("2001:db8:0:1::1"), 4}};
  for (std::uint16_t port = 0; port < 100; ++port) peers.push_back({address("203.0.113.7"), port});
  std::ranges::sort(peers);
  const sockets::Sighting sighting = sockets::sight(peers, prefix("2001:db8::/64"));
  CHECK(sighting.address == address("2001:db8::2"));
  CHECK(sighting.ports == std::vector<std::uint16_t>{2, 3});
  CHECK(sockets::sight(peers, prefix("203.0.113.8")).ports.empty());
  CHECK(sockets::sight(peers, prefix("2001:db8:0:2::/64")).ports.empty());
  CHECK(sockets::sight({}, prefix("203.0.113.7")).ports.empty());
  CHECK(sockets::sight(peers, prefix("203.0.113.7")).ports.size() == sockets::kMaxPorts);
}

TEST_CASE("lists are made for people and for programs") {
  Connection connection;
  connection.state = State::established;
  connection.local = address("2001:db8::1");
  connection.local_port = 443;
  connection.remote = address("2001:db8:7::7");
  connection.remote_port = 51234;
  const auto text = [&](sockets::Form form) { return sockets::format_connections({&connection, 1}, form); };
  CHECK(text(sockets::Form::plain) == "tcp established [2001:db8::1]:443 [2001:db8:7::7]:51234\n");
  CHECK(text(sockets::Form::json) ==
        R"({"type":"socket","protocol":"tcp","state":"established","local":"2001:db8::1","local_port":443,)"
        R"("remote":"2001:db8:7::7","remote_port":51234})"
        "\n");
  CHECK(text(sockets::Form::table).starts_with("PROTOCOL  STATE        LOCAL"));
  CHECK(sockets::format_connections({}, sockets::Form::table).empty());
}
