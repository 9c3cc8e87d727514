// SPDX-License-Identifier: MIT
// Is what was downloaded the list that it should be? A page with status 200, an empty answer or a list that
// lost half of its entries must not replace the last good copy. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feed/parse.h"

struct evp_md_ctx_st;

namespace xlimit::feed {

struct Demands {
  std::uint64_t minimum = 1;  // entries
  unsigned max_shrink = 50;   // percent of the last good copy's entries that may be missing
  std::string sha256{};       // of the whole body, in hexadecimal; empty: any
};

// Why `text`, which was read as `parsed`, is not taken; absent when it is. `type` is the content type that
// the server named, `before` how many entries the last good copy of this list has, 0 for none.
std::optional<std::string> objection(std::string_view text, std::string_view type, const Parsed& parsed,
                                     const Demands& demands, std::uint64_t before);

// The last line, when it is an entry that lacks its end. Of a text that may have been cut it may be the
// beginning of another: 192.0.2.4 of 192.0.2.41.
std::string_view torn_entry(std::string_view text);

// Are these the same sum, in letters of whatever case?
bool is_sum(std::string_view one, std::string_view other);
// In lower case hexadecimal.
std::string sha256(std::string_view text);

// The same of what comes in pieces.
class Sum {
 public:
  Sum();
  void add(std::string_view piece);
  // Once, behind the last piece.
  std::string text();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace xlimit::feed
