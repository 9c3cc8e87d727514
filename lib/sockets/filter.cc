// SPDX-License-Identifier: MIT
// Evaluating filters.
#include "sockets/filter.h"

#include <algorithm>

namespace xlimit::sockets {
namespace {

bool holds(const InPrefix& condition, const Connection& connection) {
  return condition.prefix.contains(condition.end == End::local ? connection.local : connection.remote);
}

bool holds(const HasPort& condition, const Connection& connection) {
  const std::uint16_t port = condition.end == End::local ? connection.local_port : connection.remote_port;
  switch (condition.comparison) {
    case Comparison::equal: return port == condition.port;
    case Comparison::at_least: return port >= condition.port;
    case Comparison::at_most: return port <= condition.port;
  }
  return false;
}

bool holds(const InState& condition, const Connection& connection) {
  return (condition.states & bit(connection.state)) != 0;
}

// `filter` has been pushed down, so a condition that is turned round is not one on states.
States states_of(const Filter& filter) {
  switch (filter.kind()) {
    case Filter::Kind::condition: {
      const auto* in_state = std::get_if<InState>(&filter.condition());
      return in_state == nullptr ? kAllStates : in_state->states;
    }
    case Filter::Kind::none_of: return kAllStates;
    case Filter::Kind::all:
    case Filter::Kind::any: break;
  }
  const bool all = filter.kind() == Filter::Kind::all;
  States states = all ? kAllStates : 0;
  for (const Filter& part : filter.parts())
    states = all ? states & states_of(part) : states | states_of(part);
  return states;
}

}  // namespace

Filter Filter::join(Kind kind, std::vector<Filter> parts) {
  Filter filter;
  filter.kind_ = kind;
  filter.parts_ = std::move(parts);
  return filter;
}

bool Filter::matches(const Connection& connection) const {
  const auto matched = [&](const Filter& part) { return part.matches(connection); };
  switch (kind_) {
    case Kind::condition:
      return std::visit([&](const auto& condition) { return holds(condition, connection); }, condition_);
    case Kind::all: return std::all_of(parts_.begin(), parts_.end(), matched);
    case Kind::any: return std::any_of(parts_.begin(), parts_.end(), matched);
    case Kind::none_of: return std::none_of(parts_.begin(), parts_.end(), matched);
  }
  return false;
}

States Filter::states() const { return states_of(pushed_down()); }

bool Filter::mentions_states() const {
  if (kind_ == Kind::condition) return std::holds_alternative<InState>(condition_);
  return std::any_of(parts_.begin(), parts_.end(), [](const Filter& part) { return part.mentions_states(); });
}

Filter Filter::pushed_down(bool negated) const {
  if (kind_ == Kind::condition) {
    const auto* in_state = std::get_if<InState>(&condition_);
    if (in_state != nullptr)
      return Filter{InState{negated ? kAllStates & ~in_state->states : in_state->states}};
    return negated ? join(Kind::none_of, {*this}) : *this;
  }
  // none_of(a, b) is not (a or b).
  const bool inner = negated != (kind_ == Kind::none_of);
  const bool conjunction = (kind_ == Kind::all) != inner;
  std::vector<Filter> pushed;
  for (const Filter& part : parts_) pushed.push_back(part.pushed_down(inner));
  return join(conjunction ? Kind::all : Kind::any, std::move(pushed));
}

Filter operator&&(Filter left, Filter right) {
  return Filter::join(Filter::Kind::all, {std::move(left), std::move(right)});
}
Filter operator||(Filter left, Filter right) {
  return Filter::join(Filter::Kind::any, {std::move(left), std::move(right)});
}
Filter operator!(Filter filter) { return Filter::join(Filter::Kind::none_of, {std::move(filter)}); }

Filter remote_in(const ip::Prefix& prefix) { return Filter{InPrefix{End::remote, prefix}}; }
Filter local_port(Comparison comparison, std::uint16_t port) {
  return Filter{HasPort{End::local, comparison, port}};
}
Filter remote_port(Comparison comparison, std::uint16_t port) {
  return Filter{HasPort{End::remote, comparison, port}};
}
Filter in_states(States states) { return Filter{InState{states}}; }

}  // namespace xlimit::sockets
