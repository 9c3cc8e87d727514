// SPDX-License-Identifier: MIT
// The filter language, and the bytecode that the kernel gets of it.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/inet_diag.h>
#include <sys/socket.h>

#include <cstring>
#include <random>

#include "sockets/bytecode.h"
#include "sockets/parse.h"

using namespace xlimit;
using sockets::Connection;
using sockets::Filter;
using sockets::State;

namespace {

Connection connection(std::string_view local, std::uint16_t local_port, std::string_view remote,
                      std::uint16_t remote_port, State state = State::established) {
  Connection made;
  made.state = state;
  made.local = *ip::parse_address(local);
  made.local_port = local_port;
  made.remote = *ip::parse_address(remote);
  made.remote_port = remote_port;
  made.family = made.remote.is_v4() ? AF_INET : AF_INET6;
  return made;
}

const Connection kWeb = connection("192.0.2.1", 443, "203.0.113.7", 51234);
const Connection kWeb6 = connection("2001:db8::1", 443, "2001:db8:7::7", 51234);
const Connection kSsh = connection("192.0.2.1", 22, "203.0.113.8", 50000);

std::optional<std::uint16_t> find_https(std::string_view name) {
  return name == "https" ? std::optional<std::uint16_t>{443} : std::nullopt;
}

Filter parse(std::string_view text) {
  const base::Result<Filter> filter = sockets::parse_filter(text, find_https);
  INFO(text);
  REQUIRE(filter);
  return *filter;
}

bool matches(std::string_view text, const Connection& connection) { return parse(text).matches(connection); }

std::string complaint(std::string_view text) {
  const base::Result<Filter> filter = sockets::parse_filter(text, find_https);
  return filter ? "none" : filter.error().text;
}

// What the kernel does with a program for one socket: net/ipv4/inet_diag.c, in our words.
struct Kernel {
  const Connection& socket;

  static inet_diag_bc_op op_at(const std::vector<std::byte>& program, std::size_t at) {
    inet_diag_bc_op op;
    REQUIRE(at + sizeof op <= program.size());
    std::memcpy(&op, program.data() + at, sizeof op);
    return op;
  }

  bool in_prefix(const inet_diag_hostcond& condition, const std::byte* wanted,
                 const ip::Address& address) const {
    std::array<std::uint8_t, 16> words{};
    if (socket.family == AF_INET)
      std::memcpy(words.data(), address.bytes().data() + 12, 4);
    else
      words = address.bytes();
    std::size_t from = 0;
    if (condition.family != AF_UNSPEC && condition.family != socket.family) {
      if (socket.family != AF_INET6 || condition.family != AF_INET || !address.is_v4()) return false;
      from = 12;
    }
    for (unsigned i = 0; i < condition.prefix_len; ++i) {
      const auto mine = words[from + i / 8], theirs = std::to_integer<std::uint8_t>(wanted[i / 8]);
      if (((mine ^ theirs) & 0x80U >> i % 8) != 0) return false;
    }
    return true;
  }

  bool step(const std::vector<std::byte>& program, std::size_t at) const {
    const unsigned code = op_at(program, at).code;
    if (code == INET_DIAG_BC_S_GE) return socket.local_port >= op_at(program, at + 4).no;
    if (code == INET_DIAG_BC_S_LE) return socket.local_port <= op_at(program, at + 4).no;
    if (code == INET_DIAG_BC_D_GE) return socket.remote_port >= op_at(program, at + 4).no;
    if (code == INET_DIAG_BC_D_LE) return socket.remote_port <= op_at(program, at + 4).no;
    if (code == INET_DIAG_BC_JMP) return false;
    const bool local = code == INET_DIAG_BC_S_COND;
    REQUIRE((local || code == INET_DIAG_BC_D_COND));
    inet_diag_hostcond condition{};
    std::memcpy(&condition, program.data() + at + 4, sizeof condition);
    const std::uint16_t port = local ? socket.local_port : socket.remote_port;
    if (condition.port != -1 && condition.port != port) return false;
    return in_prefix(condition, program.data() + at + 4 + sizeof condition,
                     local ? socket.local : socket.remote);
  }

  bool run(const std::vector<std::byte>& program) const {
    std::size_t at = 0;
    while (at < program.size()) {
      const inet_diag_bc_op op = op_at(program, at);
      REQUIRE(op.yes >= sizeof op);
      REQUIRE(op.no >= sizeof op);
      REQUIRE(op.no % 4 == 0);
      REQUIRE(at + op.no <= program.size() + 4);
      at += step(program, at) ? op.yes : op.no;
    }
    return at == program.size();
  }
};

using Random = std::mt19937;
std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

constexpr std::array<const char*, 5> kAddresses{"192.0.2.1", "203.0.113.7", "2001:db8::1", "2001:db8:7::7",
                                                "::1"};
constexpr std::array<const char*, 9> kPrefixes{"192.0.2.1",     "203.0.113.0/24", "0.0.0.0/0",
                                               "2001:db8::/32", "2001:db8::1",    "::/0",
                                               "::/64",         "192.0.0.0/5",    "::8000:0:0/81"};
constexpr std::array<std::uint16_t, 5> kPorts{1, 22, 443, 50000, 65535};

// A condition of each kind, nested at random.
Filter random_filter(Random& random, unsigned depth) {
  const sockets::End end = below(random, 2) == 0 ? sockets::End::local : sockets::End::remote;
  const std::size_t kind = below(random, depth == 0 ? 3 : 6);
  if (kind == 0)
    return Filter{sockets::InPrefix{end, *ip::parse_prefix(kPrefixes[below(random, kPrefixes.size())])}};
  if (kind == 1)
    return Filter{sockets::HasPort{end, static_cast<sockets::Comparison>(below(random, 3)),
                                   kPorts[below(random, kPorts.size())]}};
  if (kind == 2)
    return sockets::in_states(below(random, 2) == 0 ? sockets::kLive : sockets::bit(State::syn_recv));
  std::vector<Filter> parts;
  for (std::size_t count = below(random, 4); count > 0; --count)
    parts.push_back(random_filter(random, depth - 1));
  return Filter::join(static_cast<Filter::Kind>(kind - 2), std::move(parts));
}

Connection random_connection(Random& random) {
  const bool v4 = below(random, 2) == 0;
  const auto pick = [&] { return kAddresses[v4 ? below(random, 2) : 2 + below(random, 3)]; };
  const char* local = pick();
  const char* remote = pick();
  Connection made =
      connection(local, kPorts[below(random, kPorts.size())], remote, kPorts[below(random, kPorts.size())],
                 below(random, 4) == 0 ? State::syn_recv : State::established);
  if (below(random, 2) == 0) made.family = AF_INET6;  // an IPv4 client of a dual-stack listener
  return made;
}

}  // namespace

TEST_CASE("conditions side by side must all hold") {
  CHECK(matches("dst 203.0.113.7 sport = :443", kWeb));
  CHECK_FALSE(matches("dst 203.0.113.7 sport = :443", kSsh));
  CHECK_FALSE(matches("dst 203.0.113.7 sport = :443", kWeb6));
}

TEST_CASE("and binds tighter than or, parentheses tighter than both") {
  CHECK(matches("sport = :22 or sport = :443 and dst 203.0.113.7", kSsh));
  CHECK_FALSE(matches("( sport = :22 or sport = :443 ) and dst 203.0.113.7", kSsh));
  CHECK(matches("(sport=:22||sport=:443)&&!dst 203.0.113.7", kSsh));
  CHECK(matches("not ( sport = :22 or dst [2001:db8::]/32 )", kWeb));
}

TEST_CASE("ports compare in every direction") {
  CHECK(matches("sport < :444 sport > :442 sport <= 443 sport >= 443 sport != :444", kWeb));
  CHECK_FALSE(matches("sport < :443", kWeb));
  CHECK_FALSE(matches("sport > :443", kWeb));
  CHECK_FALSE(matches("sport neq https", kWeb));
  CHECK(matches("dport ge 51234 dport le 51234", kWeb));
}

TEST_CASE("hosts are addresses or prefixes, with or without a port") {
  CHECK(matches("dst 203.0.113.7:51234", kWeb));
  CHECK(matches("dst 203.0.113.0/24:51234 src 192.0.2.1:https", kWeb));
  CHECK(matches("dst = 203.0.113.7 src != 192.0.2.2", kWeb));
  CHECK(matches("dst :51234", kWeb));
  CHECK(matches("dst *:51234", kWeb));
  CHECK(matches("dst 2001:db8:7::7", kWeb6));
  CHECK(matches("dst [2001:db8:7::7]:51234", kWeb6));
  CHECK(matches("dst [2001:db8:7::]/48", kWeb6));
  CHECK(matches("dst [2001:db8:7::/48]:51234", kWeb6));
  CHECK(matches("dst 2001:db8:7::/48:51234", kWeb6));
  CHECK_FALSE(matches("dst 2001:db8:7::/48:51235", kWeb6));
}

TEST_CASE("an IPv4 condition means the clients of a dual-stack listener as well") {
  Connection mapped = kWeb;
  mapped.family = AF_INET6;
  CHECK(matches("dst 203.0.113.7", mapped));
  CHECK(matches("dst ::ffff:203.0.113.7", mapped));
  CHECK_FALSE(matches("dst ::/0", mapped));
}

TEST_CASE("without a word on states the live ones are meant") {
  Connection old = kWeb;
  old.state = State::time_wait;
  CHECK_FALSE(matches("dst 203.0.113.7", old));
  CHECK(matches("dst 203.0.113.7 state time-wait", old));
  CHECK_FALSE(matches("state established", old));
  CHECK(matches("exclude established", old));
  CHECK(matches("not state established", old));
  CHECK(parse("not ( state listening or sport = :22 )").states() ==
        (sockets::kAllStates & ~sockets::bit(State::listening)));
  CHECK((parse("state established or dst 192.0.2.1").states()) == sockets::kAllStates);
}

TEST_CASE("a wrong word is named") {
  CHECK(complaint("dst bogus") == "filter: 'bogus' is not an address or prefix");
  CHECK(complaint("dst 203.0.113.256") == "filter: '203.0.113.256' is not an address or prefix");
  CHECK(complaint("sport = :70000") == "filter: '70000' is not a port");
  CHECK(complaint("sport = :nonsense") == "filter: 'nonsense' is not a port");
  CHECK(complaint("state happy") == "filter: 'happy' is no state");
  CHECK(complaint("( dst 192.0.2.1") == "filter: ')' is missing");
  CHECK(complaint("dst 192.0.2.1 )") == "filter: unexpected ')'");
  CHECK(complaint("dst") == "filter: 'dst' needs a value");
  CHECK(complaint("dst < 192.0.2.1") == "filter: 'dst' knows only = and !=");
  CHECK(complaint("dst 192.0.2.1 or") == "filter: a condition is missing at the end");
  CHECK(complaint("192.0.2.1") == "filter: unexpected '192.0.2.1'");
  CHECK(complaint(std::string(100000, '(')) == "filter: too long");
  CHECK(complaint(std::string(1000, '!')) == "filter: too many parentheses inside each other");
}

TEST_CASE("a filter that leaves nothing out is noticed") {
  for (const char* everything :
       {"", "state all", "state connected", "dst 0.0.0.0/0", "dst ::/0", "sport > 0",
        "sport < 443 or sport >= 443", "dst 192.0.2.1 or not dst 192.0.2.1",
        "dst 0.0.0.0/1 or dst 128.0.0.0/1", "exclude time-wait", "not ( sport = :22 sport = :23 )",
        "dst 0.0.0.0/0 or dst ::/0", "dst *", "not dst 2001:db8::1"}) {
    INFO(everything);
    CHECK(matches_everything(parse(everything)));
  }
  for (const char* something : {"dst 203.0.113.7", "state established", "sport = :443", "sport != :443",
                                "dst 0.0.0.0/1", "dst 0.0.0.0/0 sport = :443", "not sport = :22", "dport > 1",
                                "dst 0.0.0.0/1 or dst 128.0.0.0/2", "state established or state syn-recv"}) {
    INFO(something);
    CHECK_FALSE(matches_everything(parse(something)));
  }
}

TEST_CASE("the kernel's bytecode never leaves out what the filter matches") {
  Random random{20260601};
  for (int i = 0; i < 4000; ++i) {
    const Filter filter = random_filter(random, 4);
    const std::vector<std::byte> program = compile(filter);
    for (int j = 0; j < 20; ++j) {
      const Connection made = random_connection(random);
      if (filter.matches(made)) CHECK(Kernel{made}.run(program));
      CHECK((!filter.matches(made) || (filter.states() & sockets::bit(made.state)) != 0));
      CHECK(filter.pushed_down().matches(made) == filter.matches(made));
    }
  }
}

TEST_CASE("addresses and ports are left to the kernel exactly") {
  for (const char* text :
       {"dst 203.0.113.7 sport = :443", "dst 203.0.113.0/24 or sport = :22", "not dst 203.0.113.7",
        "sport >= 22 sport < 443", "sport != :22 and not ( dport > 1 or src 2001:db8::1 )"}) {
    const Filter filter = parse(text);
    const std::vector<std::byte> program = compile(filter);
    INFO(text);
    REQUIRE_FALSE(program.empty());
    for (const Connection& made : {kWeb, kWeb6, kSsh})
      CHECK(Kernel{made}.run(program) == filter.matches(made));
  }
}

TEST_CASE("a filter on states alone needs no bytecode") {
  CHECK(compile(parse("state established")).empty());
}
