// SPDX-License-Identifier: MIT
// Which sockets are meant: conditions on addresses, ports and states, joined by and, or, not.
//
//   const Filter filter = remote_in(prefix) && local_port(Comparison::equal, 443);
//   if (filter.matches(connection)) ...
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "ip/prefix.h"
#include "sockets/connection.h"

namespace xlimit::sockets {

enum class End : std::uint8_t { local, remote };
enum class Comparison : std::uint8_t { equal, at_least, at_most };

struct InPrefix {
  End end;
  ip::Prefix prefix;
};
struct HasPort {
  End end;
  Comparison comparison;
  std::uint16_t port;
};
struct InState {
  States states;
};

// A tree. Without parts, `all` matches everything and `any` nothing.
class Filter {
 public:
  enum class Kind : std::uint8_t { condition, all, any, none_of };
  using Condition = std::variant<InPrefix, HasPort, InState>;

  // Matches everything.
  Filter() = default;
  explicit Filter(Condition condition) : kind_(Kind::condition), condition_(condition) {}
  static Filter join(Kind kind, std::vector<Filter> parts);
  static Filter nothing() { return join(Kind::any, {}); }

  Kind kind() const { return kind_; }
  const Condition& condition() const { return condition_; }  // when kind() is condition
  const std::vector<Filter>& parts() const { return parts_; }

  bool matches(const Connection& connection) const;
  // A socket outside of these states is never matched; wide when that cannot be told from the top.
  States states() const;
  bool mentions_states() const;
  // The same filter with `none_of` only around single conditions, whose states have been turned round.
  Filter pushed_down(bool negated = false) const;

 private:
  Kind kind_ = Kind::all;
  Condition condition_ = InState{kAllStates};
  std::vector<Filter> parts_;
};

Filter operator&&(Filter left, Filter right);
Filter operator||(Filter left, Filter right);
Filter operator!(Filter filter);

Filter remote_in(const ip::Prefix& prefix);
Filter local_port(Comparison comparison, std::uint16_t port);
Filter remote_port(Comparison comparison, std::uint16_t port);
Filter in_states(States states);

// Whether the filter matches every socket that may be destroyed, or every one of IPv4, or every one of IPv6:
// too much to be meant without a further word. Errs on the side of yes for filters of very many conditions.
bool matches_everything(const Filter& filter);

}  // namespace xlimit::sockets
