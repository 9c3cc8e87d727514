// SPDX-License-Identifier: MIT
// What proves a place, and which connections a ban names.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "session/detector.h"

using namespace xlimit;
using namespace std::chrono_literals;
using session::Action;

namespace {

const base::Time kNoon = *base::parse_time("2026-06-01T12:00:00Z");
constexpr const char* kHome = "203.0.113.7";
constexpr const char* kAway = "198.51.100.4";
constexpr std::uint16_t kPort = 40000;

// A kernel with these connections, and a detector that asks it.
struct World {
  explicit World(session::Rule rule = session::Rule::strict, session::Policy policy = {}) {
    policy.rule = rule;
    detector.emplace(
        policy,
        session::Evidence{
            .connection = [this](const ip::Address& ip, std::uint16_t port) { return holds(ip, port); },
            .any = [this](const ip::Prefix& prefix) { return holds(prefix); },
            .expect = [this](const ip::Prefix& prefix) { return expect(prefix); },
            .announce = [this](auto user, const session::Target& target) { announce(user, target); },
            .known = [this](const ip::Prefix&) { return known; }},
        session::LimitOf{});
  }
  bool expect(const ip::Prefix& prefix) {
    expected.push_back(ip::to_string(prefix));
    return wants;
  }
  void announce(std::string_view user, const session::Target& target) {
    CHECK(user == "ann");
    CHECK(ip::to_string(target.prefix) == expected.back());
    announced.push_back(target.ports);
  }
  bool holds(const ip::Address& ip, std::uint16_t port) {
    return connections[ip::to_string(ip)].contains(port);
  }
  bool holds(const ip::Prefix& prefix) {
    ++walks;
    for (const auto& [ip, ports] : connections) {
      if (!ports.empty() && prefix.contains(*ip::parse_address(ip))) return true;
    }
    return false;
  }

  // The action on this line, if there is one.
  std::optional<Action> hear(std::chrono::seconds after, std::string_view ip,
                             std::optional<std::uint16_t> port = kPort, std::string_view outbound = {},
                             std::string_view user = "ann") {
    event::Access access;
    access.at = kNoon + after;
    access.user = user;
    access.ip = ip::parse_address(ip);
    access.port = port;
    access.outbound = outbound;
    const std::vector<session::Verdict> verdicts = detector->feed(access);
    if (verdicts.empty()) return {};
    last = verdicts.back();
    return last.action;
  }

  std::map<std::string, std::set<std::uint16_t>> connections;
  session::Sighting known;
  std::vector<std::string> expected;
  bool wants = true;
  std::vector<std::vector<std::uint16_t>> announced;
  int walks = 0;
  std::optional<session::Detector> detector;
  session::Verdict last;
};

}  // namespace

TEST_CASE("a line that names an address without a connection bans nobody, whether it comes first or last") {
  World world;
  world.connections = {{kHome, {kPort}}};
  SUBCASE("last") {
    world.hear(0s, kHome);
    CHECK(world.hear(1s, kAway) == Action::spared);
  }
  SUBCASE("first") {
    world.hear(0s, kAway);
    CHECK(world.hear(1s, kHome) == Action::spared);
  }
  CHECK(world.last.targets.empty());
  CHECK(world.last.why.find("not counted, the logged port is no connection here: 198.51.100.4") !=
        std::string::npos);
}

TEST_CASE("with connections at both places the ban goes through, without a walk") {
  World world;
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  CHECK(world.hear(1s, kAway) == Action::ban);
  CHECK(world.walks == 0);
}

TEST_CASE("another connection of the address does not prove a line: its port must be one") {
  World world;
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  SUBCASE("a port nobody holds") { CHECK(world.hear(1s, kAway, 1) == Action::spared); }
  SUBCASE("port 0, from a header") { CHECK(world.hear(1s, kAway, 0) == Action::spared); }
  SUBCASE("no port") { CHECK(world.hear(1s, kAway, std::nullopt) == Action::spared); }
  CHECK(world.last.targets.empty());
  CHECK(world.walks == 0);
  CHECK(world.hear(2s, kAway) == Action::ban);
}

TEST_CASE("a place is proven once: its later connections need not be there when their lines are read") {
  World world{session::Rule::overlap};
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  world.hear(1s, kAway);
  world.hear(2s, kAway, 40001);
  world.connections[kAway] = {50000};
  CHECK(world.hear(3s, kHome, 40002) == Action::ban);
}

TEST_CASE("a proven place that has gone is not banned") {
  World world{session::Rule::overlap};
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  world.hear(1s, kAway);
  world.connections[kAway].clear();
  CHECK(world.hear(2s, kHome) == Action::spared);
}

TEST_CASE("a torrent line proves nothing by itself") {
  session::Policy policy;
  policy.torrent_tags = {"torrent"};
  World world{session::Rule::overlap, policy};
  world.connections = {{kHome, {kPort}}};
  CHECK(world.hear(0s, kHome, 1, "torrent") == Action::spared);
  CHECK(world.last.why ==
        "203.0.113.7 was routed to 'torrent'; spared: the logged port of 203.0.113.7 is no connection here");
  CHECK(world.hear(10s, kHome, kPort, "torrent") == Action::ban);
}

TEST_CASE("who may have to go is announced while nothing is decided, and only then") {
  World world{session::Rule::overlap};
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  CHECK(world.expected.empty());
  world.hear(1s, kAway);
  CHECK(world.expected == std::vector<std::string>{kAway});
  CHECK(world.announced == std::vector<std::vector<std::uint16_t>>{{kPort}});
  CHECK(world.hear(2s, kHome) == Action::ban);
  CHECK(world.expected.size() == 1);
}

TEST_CASE("who is expected is announced only where that is wanted") {
  World world{session::Rule::overlap};
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.wants = false;
  world.hear(0s, kHome);
  world.hear(1s, kAway);
  CHECK(world.expected.size() == 1);
  CHECK(world.announced.empty());
}

TEST_CASE("nobody is announced who cannot be banned") {
  session::Policy policy;
  policy.shared_limit = 2;
  World world{session::Rule::overlap, policy};
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  SUBCASE("a place that is not proven") {
    world.connections[kAway].clear();
    world.hear(0s, kHome);
    world.hear(1s, kAway);
    CHECK(world.expected.empty());
  }
  SUBCASE("a gateway") {
    world.hear(0s, kAway, kPort, {}, "ben");
    world.hear(0s, kHome);
    world.hear(1s, kAway);
    CHECK(world.expected.empty());
  }
  SUBCASE("a place in its cooldown") {
    world.hear(0s, kHome);
    world.hear(1s, kAway);
    CHECK(world.hear(2s, kHome) == Action::ban);
    world.hear(3s, kAway);
    CHECK(world.expected.size() == 1);
  }
}

TEST_CASE("a dry run announces nobody") {
  session::Policy policy;
  policy.dry_run = true;
  World world{session::Rule::overlap, policy};
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  world.hear(1s, kAway);
  CHECK(world.expected.empty());
}

TEST_CASE("a violation that waits for the next one announces who will go") {
  session::Policy policy;
  policy.confirm = 2;
  World world{session::Rule::strict, policy};
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  CHECK(world.hear(1s, kAway) == Action::report);
  CHECK(world.expected == std::vector<std::string>{kAway});
}

TEST_CASE("a ban names the logged ports, newest first, then those that are known without the log") {
  World world;
  world.connections = {{kHome, {kPort}}, {kAway, {kPort}}};
  world.hear(0s, kHome);
  SUBCASE("of the address") {
    world.known = {*ip::parse_address(kAway), {50001, kPort, 50002}};
    world.hear(1s, kAway);
    CHECK(world.last.targets[0].ports == std::vector<std::uint16_t>{kPort, 50001, 50002});
  }
  SUBCASE("not of another inside the prefix") {
    world.connections = {{kHome, {kPort}}, {"2001:db8:7::7", {kPort}}};
    world.known = {*ip::parse_address("2001:db8:7::8"), {50001, 50002}};
    world.hear(1s, "2001:db8:7::7");
    CHECK(world.last.targets[0].ports == std::vector<std::uint16_t>{kPort});
    CHECK(ip::to_string(*world.last.targets[0].address) == "2001:db8:7::7");
  }
}
