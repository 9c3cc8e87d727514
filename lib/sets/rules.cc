// SPDX-License-Identifier: MIT
// The drop rules of one installation.
#include "sets/rules.h"

#include <array>
#include <cassert>

#include <linux/netfilter/nfnetlink.h>

namespace xlimit::sets {
namespace {

// A rule with a port takes at most 700 bytes, what is around the rules of one chain less than 1000.
constexpr std::size_t kRule = 768, kAround = 1024;

// How often a plan is made anew because somebody else changed the ruleset meanwhile.
constexpr int kRounds = 20;

std::string table_text(Family family, const std::string& table) {
  return (family == Family::v4 ? "ip " : "ip6 ") + table;
}

// ERESTART is the kernel's own and has no place in errno.h of user space.
constexpr int kMoved = 85;

// Sends a transaction on a socket of its own, so that what else the kernel says of a failed one meets nobody.
// Gives the error number of the first thing that failed, 0 when all is committed.
base::Result<int> commit(const netlink::Batch& batch) {
  base::Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_NETFILTER);
  if (!socket) return base::failed(socket);
  if (base::Result<void> sent = socket->send(batch.bytes()); !sent) return base::failed(sent);
  int first = 0;
  base::Result<void> received = socket->receive(
      1, [](const nlmsghdr&) {}, [&](std::uint32_t, int error) { first = first != 0 ? first : error; });
  if (!received) return base::failed(received);
  return first;
}

}  // namespace

base::Result<Rules> Rules::open(std::string table) {
  base::Result<netlink::Socket> socket = netlink::Socket::open(NETLINK_NETFILTER);
  if (!socket) return base::failed(socket);
  Rules rules{std::move(*socket), std::move(table)};
  if (base::Result<std::uint32_t> generation = rules.generation(); !generation)
    return base::failed(generation);
  return rules;
}

base::Result<int> Rules::ask(const netlink::Batch& request, const netlink::Socket::OnMessage& on_answer) {
  if (base::Result<void> sent = socket_.send(request.bytes()); !sent) return base::failed(sent);
  int answer = 0;
  base::Result<void> received =
      socket_.receive_answers(1, on_answer, [&](std::uint32_t, int error) { answer = error; });
  if (!received) return base::failed(received);
  return answer;
}

base::Result<std::uint32_t> Rules::generation() {
  alignas(nlmsghdr) std::array<std::byte, 64> buffer;
  netlink::Batch request{buffer};
  put_get_generation(request, ++sequence_);
  std::optional<std::uint32_t> generation;
  base::Result<int> error =
      ask(request, [&](const nlmsghdr& message) { generation = read_generation(message); });
  if (!error) return base::failed(error);
  if (*error == EPERM) return base::os_error("read the packet filter's rules", *error);
  if (*error != 0 || !generation)
    return base::fail(base::Exit::kUnavailable, "use nftables: this kernel has none (module nf_tables)");
  return *generation;
}

base::Result<ChainState> Rules::look(SetKey key) {
  alignas(nlmsghdr) std::array<std::byte, 256> buffer;
  netlink::Batch request{buffer};
  ChainState state;
  base::Result<TableState> table = look(key.family);
  if (!table) return base::failed(table);
  state.dormant = *table == TableState::dormant;
  put_get_chain(request, key, table_, ++sequence_);
  base::Result<int> error = ask(request, [&](const nlmsghdr& message) { state.chain = read_chain(message); });
  if (!error) return base::failed(error);
  if (*error == ENOENT) return state;
  if (*error != 0) return base::os_error("look up table '" + table_ + "'", *error);
  request.clear();
  put_list_rules(request, key, table_, ++sequence_);
  base::Result<netlink::Dumped> dumped = socket_.dump(request.bytes(), [&](const nlmsghdr& message) {
    if (const std::optional<SeenRule> rule = read_rule(message)) state.rules.push_back(*rule);
  });
  if (!dumped) return base::failed(dumped);
  return state;
}

base::Result<bool> Rules::change(const std::vector<ChainOrder>& orders, std::uint32_t generation) {
  std::size_t size = kAround;
  for (const ChainOrder& order : orders) {
    if (order.rules.empty()) return false;  // its set vanished meanwhile
    size += kAround + order.rules.size() * kRule;
  }
  const std::unique_ptr<std::byte[]> buffer{new std::byte[size]};
  netlink::Batch batch{{buffer.get(), size}};
  put_transaction_begin(batch, generation, ++sequence_);
  for (const ChainOrder& order : orders) {
    put_table(batch, order.key.family, table_, ++sequence_);
    if (order.replace) {
      put_delete_rules(batch, order.key, table_, ++sequence_);
      put_delete_chain(batch, order.key, table_, ++sequence_);
    }
    put_chain(batch, order.key, table_, ++sequence_);
    for (const Rule& rule : order.rules) {
      const bool last = &order == &orders.back() && &rule == &order.rules.back();
      put_rule(batch, order.key, table_, rule, ++sequence_, {.acknowledge = last});
    }
  }
  put_transaction_end(batch, ++sequence_);
  assert(!batch.full());
  base::Result<int> error = commit(batch);
  if (!error) return base::failed(error);
  if (*error == kMoved) return false;
  if ((*error == ENOENT || *error == EOPNOTSUPP) && orders.front().rules.front().set.name.empty())
    return base::fail(
        base::Exit::kUnavailable,
        "put rules in place: this kernel lacks nft_compat or xt_set, which match packets with sets");
  if (*error != 0) return base::os_error("put rules into table '" + table_ + "'", *error);
  return true;
}

base::Result<bool> Rules::remove(SetKey key, const SetRef& set) {
  base::Result<ChainState> state = look(key);
  if (!state) return base::failed(state);
  bool any = false;
  for (const SeenRule& seen : state->rules) {
    if (!seen.rule || seen.rule->set != set) continue;
    alignas(nlmsghdr) std::array<std::byte, 256> buffer;
    netlink::Batch batch{buffer};
    put_transaction_begin(batch, 0, ++sequence_);
    put_delete_rule(batch, key, table_, seen.handle, ++sequence_);
    put_transaction_end(batch, ++sequence_);
    base::Result<int> error = commit(batch);
    if (!error) return base::failed(error);
    if (*error != 0 && *error != ENOENT)
      return base::os_error("remove a rule of table '" + table_ + "'", *error);
    any = true;
  }
  return any;
}

base::Result<TableState> Rules::look(Family family) {
  alignas(nlmsghdr) std::array<std::byte, 128> buffer;
  netlink::Batch request{buffer};
  put_get_table(request, family, table_, ++sequence_);
  TableState state = TableState::absent;
  base::Result<int> error = ask(request, [&](const nlmsghdr& message) {
    if (const std::optional<bool> dormant = read_dormant(message))
      state = *dormant ? TableState::dormant : TableState::awake;
  });
  if (!error) return base::failed(error);
  if (*error != 0 && *error != ENOENT) return base::os_error("look up table '" + table_ + "'", *error);
  return state;
}

// By itself, because the kernel takes no new chains in the transaction that wakes a table.
base::Result<void> Rules::wake(Family family, bool dry_run, std::vector<std::string>& done) {
  base::Result<TableState> state = look(family);
  if (!state) return base::failed(state);
  if (*state != TableState::dormant) return {};
  done.push_back("wake table '" + table_text(family, table_) + "'");
  if (dry_run) return {};
  alignas(nlmsghdr) std::array<std::byte, 256> buffer;
  netlink::Batch batch{buffer};
  put_transaction_begin(batch, 0, ++sequence_);
  put_table(batch, family, table_, ++sequence_, true);
  put_transaction_end(batch, ++sequence_);
  base::Result<int> error = commit(batch);
  if (!error) return base::failed(error);
  if (*error != 0) return base::os_error("wake table '" + table_text(family, table_) + "'", *error);
  return {};
}

base::Result<bool> Rules::remove(Family family) {
  alignas(nlmsghdr) std::array<std::byte, 256> buffer;
  netlink::Batch batch{buffer};
  put_transaction_begin(batch, 0, ++sequence_);
  put_delete_table(batch, family, table_, ++sequence_, true);
  put_transaction_end(batch, ++sequence_);
  base::Result<int> error = commit(batch);
  if (!error) return base::failed(error);
  if (*error != 0 && *error != ENOENT) return base::os_error("remove table '" + table_ + "'", *error);
  return *error == 0;
}

base::Result<std::vector<std::string>> Rules::remove_tables(bool dry_run) {
  std::vector<std::string> done;
  for (const Family family : {Family::v4, Family::v6}) {
    base::Result<TableState> state = look(family);
    if (!state) return base::failed(state);
    base::Result<bool> there = dry_run ? *state != TableState::absent : remove(family);
    if (!there) return base::failed(there);
    if (*there) done.push_back("remove table '" + table_text(family, table_) + "'");
  }
  return done;
}

base::Result<void> Rules::keep(const Plan& plan, bool dry_run, std::vector<std::string>& done) {
  for (const Family family : {Family::v4, Family::v6}) {
    if (base::Result<void> awake = wake(family, dry_run, done); !awake) return awake;
  }
  for (int round = 0; round < kRounds; ++round) {
    base::Result<std::uint32_t> before = generation();
    if (!before) return base::failed(before);
    base::Result<std::vector<ChainOrder>> orders = plan();
    if (!orders) return base::failed(orders);
    base::Result<bool> changed = true;
    if (!orders->empty() && !dry_run) changed = change(*orders, *before);
    if (!changed) return base::failed(changed);
    if (!*changed) continue;
    for (const ChainOrder& order : *orders)
      done.push_back("put rules into chain '" + std::string{chain_name(order.key.direction)} +
                     "' of table '" + table_text(order.key.family, table_) + "'");
    return {};
  }
  return base::fail(base::Exit::kTemporary, "put rules in place: other programs keep changing the ruleset");
}

base::Result<int> Rules::watch() {
  base::Result<netlink::Socket> socket =
      netlink::Socket::open(NETLINK_NETFILTER, 1U << (NFNLGRP_NFTABLES - 1));
  if (!socket) return base::failed(socket);
  news_.emplace(std::move(*socket));
  return news_->fd();
}

bool Rules::was_harmed() {
  bool harmed = false;
  const base::Result<void> read =
      news_->receive_now([&](const nlmsghdr& message) { harmed = harmed || is_harm_in(message, table_); });
  return harmed || !read;
}

}  // namespace xlimit::sets
