// SPDX-License-Identifier: MIT
// What a chain should hold, and what it takes to get there.
#include "sets/chain_plan.h"

#include <algorithm>

namespace xlimit::sets {
namespace {

bool is_for(const Rule& rule, SetKey key, const SetRef& set) {
  return rule.set == set && rule.by_source == (key.direction == Direction::in);
}

// The rules that use `set`.
std::vector<Rule> rules_for(const ChainState& state, const SetRef& set) {
  std::vector<Rule> rules;
  for (const SeenRule& seen : state.rules) {
    if (seen.rule && seen.rule->set == set) rules.push_back(*seen.rule);
  }
  return rules;
}

// Those of the bans' rules that stand, else those asked for.
std::vector<std::uint16_t> ports_for(const ChainState& state, const ChainPlan& plan, Setup what) {
  if (what == Setup::exact) return plan.ports;
  for (const SetRef& set : plan.bans) {
    const std::vector<Rule> standing = rules_for(state, set);
    std::vector<std::uint16_t> ports;
    for (const Rule& rule : standing) {
      if (rule.port != 0 && std::ranges::count(ports, rule.port) == 0) ports.push_back(rule.port);
    }
    if (!standing.empty()) return ports;
  }
  return plan.ports;
}

bool lets_by(const SeenRule& seen) { return seen.lets_by; }

void append(std::vector<Rule>& rules, const std::vector<Rule>& more) {
  rules.insert(rules.end(), more.begin(), more.end());
}

// Those that new rules mend.
std::vector<std::string> rule_faults(const ChainState& state, SetKey key, const std::optional<SetRef>& set) {
  const std::string name = "chain '" + std::string{chain_name(key.direction)} + "'";
  if (!state.chain) return {"no " + name};
  std::vector<std::string> faults;
  if (*state.chain != wanted_chain(key.direction))
    faults.push_back(name + " is not at its hook and priority");
  const auto first = std::ranges::find_if(
      state.rules, [&](const SeenRule& seen) { return set && seen.rule && is_for(*seen.rule, key, *set); });
  if (first == state.rules.end())
    faults.push_back("no rule in " + name + " drops what the set holds");
  else if (std::any_of(state.rules.begin(), first, lets_by))
    faults.push_back("a foreign rule that may let packets by stands first in " + name);
  return faults;
}

}  // namespace

std::vector<std::string> chain_faults(const ChainState& state, SetKey key, const std::optional<SetRef>& set) {
  std::vector<std::string> faults = rule_faults(state, key, set);
  if (state.dormant) faults.emplace_back("its table is dormant");
  return faults;
}

std::optional<ChainOrder> plan_chain(const ChainState& state, const ChainPlan& plan, Setup what) {
  const std::vector<std::uint16_t> ports = ports_for(state, plan, what);
  bool good = !plan.bans.empty();
  std::vector<Rule> all, lacking;
  const auto need = [&](const SetRef& set, std::vector<Rule> wanted, bool exact) {
    const std::vector<Rule> standing = rules_for(state, set);
    const bool stands = rule_faults(state, plan.key, set).empty() && (!exact || standing == wanted);
    // A chain without fault where only this set has no rules needs no more than these.
    const bool in_chain =
        state.chain == wanted_chain(plan.key.direction) && std::ranges::none_of(state.rules, lets_by);
    good = good && (stands || (standing.empty() && in_chain));
    if (!exact && !standing.empty()) wanted = standing;
    append(all, wanted);
    if (!stands) append(lacking, wanted);
  };
  for (const SetRef& set : plan.bans)
    need(set, wanted_rules(set, plan.key.direction, ports), what == Setup::exact);
  for (const SetRef& set : plan.lists) need(set, wanted_rules(set, plan.key.direction, {}), false);
  if (good && lacking.empty()) return {};
  if (good) return ChainOrder{.key = plan.key, .rules = std::move(lacking), .replace = false};
  return ChainOrder{.key = plan.key, .rules = std::move(all), .replace = state.chain.has_value()};
}

void count_rules(const ChainState& state, const SetRef& set, SetState& sum) {
  for (const SeenRule& seen : state.rules) {
    if (!seen.rule || seen.rule->set != set) continue;
    sum.packets += seen.counted.packets;
    sum.dropped_bytes += seen.counted.bytes;
    if (seen.rule->port != 0 && !std::ranges::count(sum.ports, seen.rule->port))
      sum.ports.push_back(seen.rule->port);
  }
}

}  // namespace xlimit::sets
