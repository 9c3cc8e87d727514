// SPDX-License-Identifier: MIT
// What a chain should hold, and what it takes to get there: the same for every kind of set. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sets/backend.h"
#include "sets/rule_message.h"

namespace xlimit::sets {

// One chain as it is.
struct ChainState {
  std::optional<SeenChain> chain;  // absent: there is none
  std::vector<SeenRule> rules;
  bool dormant = false;  // with its whole table
};

// Rules to be put into one chain, behind those that are there.
struct ChainOrder {
  SetKey key;
  std::vector<Rule> rules;
  bool replace = false;  // it exists, and is to be emptied first
};

// What keeps a chain from dropping the packets of `set`, one clause each. Ports are not judged: a rule that
// drops some of them is somebody's choice. Nor are other rules that let no packets by.
std::vector<std::string> chain_faults(const ChainState& state, SetKey key, const std::optional<SetRef>& set);

// The sets that a chain's rules should match with.
struct ChainPlan {
  SetKey key;
  std::vector<SetRef> bans;  // with rules for these ports
  std::vector<std::uint16_t> ports;
  std::vector<SetRef> lists;  // with rules for all packets
};

// What a chain lacks: nothing, the rules of some sets, which go behind the others so that counters stay, or
// everything. With Setup::missing, rules for bans that stand stay as they are, and others get their ports.
std::optional<ChainOrder> plan_chain(const ChainState& state, const ChainPlan& plan, Setup what);

// Adds what the rules that use `set` have counted, and their ports.
void count_rules(const ChainState& state, const SetRef& set, SetState& sum);

}  // namespace xlimit::sets
