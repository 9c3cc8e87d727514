// SPDX-License-Identifier: MIT
// What `apply` does with events: gathers bans as long as more input is waiting, has them carried out
// together, and writes what became of each in the place where it stood among the other lines.
#pragma once

#include <array>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "cli/complaint.h"
#include "event/decode.h"
#include "event/encode.h"
#include "ipban/enforcer.h"
#include "stream/filter.h"

namespace xlimit::ipban {

class Batch {
 public:
  Batch(Enforcer& enforcer, const Settings& settings, const cli::Command& command);

  // A ban or unban to be gathered; false when the event is another.
  base::Result<bool> take(const event::Event& event, const stream::Piece& line, stream::Output& out);
  // Any other line, passed on behind the bans that came before it.
  base::Result<void> pass(const stream::Piece& line, stream::Output& out);
  // Carries out what was gathered, remembers it, and only then tells it: a ban that somebody was told of
  // outlives us and the sets.
  base::Result<void> act(stream::Output& out);

 private:
  enum class Kind : std::uint8_t { text, ban, unban };
  struct Item {
    Kind kind = Kind::text;
    bool last = true;       // piece of its line
    std::string_view line;  // as it came; like all texts here it stands in the arena
    event::Ban ban;         // an Unban has a part of a ban's fields
  };

  base::Result<void> add(Kind kind, event::Ban ban, const stream::Piece& line, stream::Output& out);
  std::string_view keep(std::string_view text);
  void carry_out(std::size_t begin, std::size_t end);
  event::Banned banned(const Item& item, const sets::Order& order, const sets::Verdict& verdict) const;
  event::Unbanned unbanned(const Item& item, const sets::Order& order, const sets::Verdict& verdict) const;
  base::Result<void> write(std::size_t index, stream::Output& out);
  base::Result<void> write_ban(const Item& item, const sets::Order& order, const sets::Verdict& verdict,
                               stream::Output& out);
  base::Result<void> write_unban(const Item& item, const sets::Order& order, const sets::Verdict& verdict,
                                 stream::Output& out);
  base::Result<void> write_dry(const Item& item, stream::Output& out);

  Enforcer& enforcer_;
  bool dry_run_;
  const cli::Command& command_;
  event::Line line_;
  std::array<std::byte, 16384> first_;  // of the arena: few bans at a time never ask for memory
  std::pmr::monotonic_buffer_resource arena_;
  std::size_t kept_ = 0;  // bytes in the arena
  std::vector<Item> items_;
  std::vector<sets::Order> orders_;  // of the item in the same place, like what became of it
  std::vector<sets::Verdict> verdicts_;
  cli::Complaint failed_;
};

}  // namespace xlimit::ipban
