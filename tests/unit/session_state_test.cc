// SPDX-License-Identifier: MIT
// A detector that was saved and restored, at any moment and in any way, goes on as if nothing had happened.
#include <random>

#include "session/report.h"
#include "session/restorer.h"
#include "session_story.h"

using namespace story;

namespace {

// A random policy and a random log: few people at few places, so that everything happens often.
struct World {
  explicit World(std::uint32_t seed) : random(seed) {
    policy.rule = below(2) == 0 ? session::Rule::strict : session::Rule::overlap;
    policy.limit = 1 + below(2);
    policy.window = std::chrono::seconds{2 + below(20)};
    policy.grace = std::chrono::seconds{1 + below(10)};
    policy.confirm = 1 + below(3);
    policy.loser = static_cast<session::Loser>(below(4));
    policy.escalation = {.factor = 1.0 + below(3), .most = 1h};
    policy.ban_time = std::chrono::seconds{1 + below(30)};
    policy.shared_limit = below(5);
    policy.group4 = below(2) == 0 ? 32 : 29;
    policy.group6 = below(2) == 0 ? 64 : 48;
    policy.max_users = 3 + below(10);
    policy.torrent_tags = {"torrent"};
    for (const char* net : {"203.0.113.8/32", "2001:db8:2::8/128"})
      policy.exempt_nets.push_back(*ip::parse_prefix(net));
    policy.torrent_rate = {.hosts = 1 + below(10), .within = std::chrono::seconds{1 + below(60)}};
    for (int i = 0; i < 12; ++i)
      names.push_back("user " + std::to_string(i) + (i % 3 == 0 ? " \"[é]\"\n" : ""));
    names.push_back(std::string(90, 'l'));
    for (int i = 1; i < 9; ++i) addresses.push_back(*ip::parse_address("203.0.113." + std::to_string(i)));
    for (const char* ip : {"2001:db8:1::7", "2001:db8:2::7", "2001:db8:2::8"})
      addresses.push_back(*ip::parse_address(ip));
    for (int i = 0; i < 40; ++i) hosts.push_back("192.0.2." + std::to_string(i));
  }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); }

  // Clocks differ, lines come out of order, and now and then somebody sets a clock back or far ahead.
  void add_lines(int count) {
    base::Time now = kNoon;
    for (int i = 0; i < count; ++i) {
      now += std::chrono::milliseconds{below(600)};
      if (below(300) == 0) now += std::chrono::hours{below(5)} - 2h;
      event::Access access;
      access.at = now + std::chrono::milliseconds{below(2) * below(3000)};
      access.user = names[below(static_cast<std::uint32_t>(names.size()))];
      access.ip = addresses[below(static_cast<std::uint32_t>(addresses.size()))];
      access.port = static_cast<std::uint16_t>(below(4) == 0 ? 0 : 1000 + below(50));
      access.host = hosts[below(40)];
      access.dport = below(2) == 0 ? 6881 : 443;
      access.outbound = below(40) == 0 ? "torrent" : "direct";
      lines.push_back(access);
    }
  }
  // What is said about the lines from `from` on, one text a line.
  std::vector<std::string> judge(session::Detector& detector, std::size_t from, std::size_t to) const {
    std::vector<std::string> said;
    for (std::size_t i = from; i < to; ++i) {
      std::string& text = said.emplace_back();
      if (from == 0) detector.expect(lines[(i + 1) % lines.size()].user);  // changes nothing
      for (const Verdict& verdict : detector.feed(lines[i]))
        session::report(verdict, "n", "n/x", [&](std::string_view event) { text += event; });
      if (const std::uint64_t evicted = detector.take_evicted(); evicted > 0)
        text += std::to_string(evicted) + " evicted\n";
    }
    return said;
  }
  // Does a detector restored from this text go on at line `from` as `whole` says?
  void check(std::string_view text, std::size_t from, const std::vector<std::string>& whole) const {
    session::Detector later{policy, {}, {}};
    const auto restored = later.restore(text);
    REQUIRE_MESSAGE(restored, restored.error().text);
    const std::vector<std::string> said = judge(later, from, lines.size());
    for (std::size_t i = from; i < lines.size(); ++i) {
      INFO("restored before line ", from, ", line ", i);
      REQUIRE(said[i - from] == whole[i]);
    }
  }

  std::mt19937 random;
  session::Policy policy;
  std::vector<std::string> names, hosts;
  std::vector<ip::Address> addresses;
  std::vector<event::Access> lines;
};

// A file that grows by every change, and is written anew from time to time while it grows.
struct Log {
  Log(World& its_world, session::Detector& its_detector) : world(its_world), detector(its_detector) {
    text = saved(detector);
    detector.watch_changes();
  }
  void record() {
    detector.save_changes([&](std::string_view line) {
      text += line;
      if (saving) next += line;
    });
    if (!saving && world.below(30) == 0) {
      saving.emplace(detector);
      next.clear();
    }
    if (!saving ||
        !detector.save_some(*saving, world.below(3000), [&](std::string_view line) { next += line; }))
      return;
    text = next;
    saving.reset();
  }

  World& world;
  session::Detector& detector;
  std::string text, next;
  std::optional<session::Detector::Saving> saving;
};

}  // namespace

TEST_CASE("a detector that restores another's state goes on as it would have") {
  std::string all;
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    INFO("seed ", seed);
    World world{seed};
    world.add_lines(600);
    session::Detector one{world.policy, {}, {}};
    const std::vector<std::string> whole = world.judge(one, 0, world.lines.size());
    for (const std::string& text : whole) all += text;
    for (int cut = 0; cut < 5; ++cut) {
      const std::size_t at = world.below(600);
      session::Detector first{world.policy, {}, {}};
      world.judge(first, 0, at);
      world.check(saved(first), at, whole);
    }
  }
  for (const char* seen : {"\"rule\":\"addresses\"", "\"rule\":\"shared\"", "\"rule\":\"torrent\"",
                           "\"type\":\"ban\"", "\"action\":\"report\"", "evicted"})
    REQUIRE(all.find(seen) != std::string::npos);
}

TEST_CASE("a state that was recorded change by change is the state, also while it is written anew") {
  for (std::uint32_t seed = 100; seed < 130; ++seed) {
    INFO("seed ", seed);
    World world{seed};
    world.add_lines(600);
    session::Detector one{world.policy, {}, {}};
    const std::vector<std::string> whole = world.judge(one, 0, world.lines.size());
    session::Detector first{world.policy, {}, {}};
    Log log{world, first};
    for (std::size_t line = 0; line < world.lines.size(); ++line) {
      world.judge(first, line, line + 1);
      if (world.below(3) == 0) continue;  // several lines at once
      log.record();
      if (world.below(60) == 0) world.check(log.text, line + 1, whole);
    }
  }
}

TEST_CASE("counts of hosts that there was no room for do not come back") {
  session::Policy policy;
  policy.torrent_rate = {.hosts = 2, .within = 1h};
  policy.shared_limit = 0;
  session::Detector detector{policy, {}, {}};
  std::string text = saved(detector);
  detector.watch_changes();
  const auto is_torrent = [](session::Detector& judging, const std::string& user, const char* host) {
    event::Access access = line(1s, user, kHome);
    access.host = host;
    access.dport = 6881;
    return !judging.feed(access).empty();
  };
  CHECK_FALSE(is_torrent(detector, "ann", "192.0.2.1"));
  CHECK_FALSE(is_torrent(detector, "ann", "192.0.2.2"));
  for (std::size_t i = 0; i < session::Bursts::kMost; ++i)
    CHECK_FALSE(is_torrent(detector, "user" + std::to_string(i), "192.0.2.1"));
  CHECK_FALSE(is_torrent(detector, "user9", "192.0.2.2"));
  CHECK(is_torrent(detector, "user9", "192.0.2.3"));  // leaves room
  detector.save_changes([&](std::string_view change) { text += change; });
  session::Detector later{policy, {}, {}};
  REQUIRE(later.restore(text));
  CHECK_FALSE(is_torrent(later, "ann", "192.0.2.3"));
}

TEST_CASE("a state that was cut anywhere is that of the last whole batch, or refused") {
  World world{7};
  world.add_lines(300);
  session::Detector one{world.policy, {}, {}};
  const std::vector<std::string> whole = world.judge(one, 0, world.lines.size());
  session::Detector first{world.policy, {}, {}};
  std::string text = saved(first);
  std::vector<std::size_t> ends{text.size()};  // by lines judged
  first.watch_changes();
  for (std::size_t line = 0; line < world.lines.size(); ++line) {
    world.judge(first, line, line + 1);
    first.save_changes([&](std::string_view change) { text += change; });
    ends.push_back(text.size());
  }
  for (int cut = 0; cut < 100; ++cut) {
    const std::size_t size = world.below(static_cast<std::uint32_t>(text.size()));
    session::Detector later{world.policy, {}, {}};
    session::Restorer restorer{later};
    std::string_view rest = std::string_view{text}.substr(0, size);
    for (std::size_t length; (length = rest.find('\n')) != std::string_view::npos;
         rest.remove_prefix(length + 1))
      REQUIRE(restorer.take(rest.substr(0, length)));
    if (size < ends[0]) {
      CHECK(restorer.finish().error().text == "its end is missing");
      continue;
    }
    REQUIRE(restorer.finish());
    const auto judged =
        static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), size) - ends.begin()) - 1;
    CAPTURE(size);
    REQUIRE(restorer.good_bytes() == ends[judged]);
    world.check(text.substr(0, restorer.good_bytes()), judged, whole);
  }
}

TEST_CASE("right after a restore there is no change to write") {
  session::Policy policy;
  policy.max_users = 1;
  session::Detector detector{policy, {}, {}}, later{policy, {}, {}};
  for (const char* user : {"ann", "bob"}) detector.feed(line(0s, user, kHome));
  detector.set_mark({.size = 7, .hash = 9});
  REQUIRE(detector.evicted() == 1);
  REQUIRE(later.restore(saved(detector)));
  later.watch_changes();
  std::string changes;
  later.save_changes([&](std::string_view change) { changes += change; });
  CHECK(changes.empty());
}

TEST_CASE("a state with a wrong line in it is refused with that line") {
  session::Detector detector{{}, {}, {}};
  detector.feed(line(0s, "ann", kHome));
  const std::string state = saved(detector);
  session::Detector wrong{{}, {}, {}}, nothing{{}, {}, {}};
  CHECK(wrong.restore("hello\n" + state).error().text == "line 1: it is not a JSON object");
  CHECK(nothing.restore("hello\n").error().text == "its end is missing");
}
