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
  // Carries out what was gathered.
  base::Result<void> act(stream::Output& out);
  // Remembers what was carried out, once it has gone out: what waits for a ban must not wait for a disk, nor
  // for another process that holds the journal.
  base::Result<void> remember(stream::Output& out);

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
  base::Result<void> carry_out(std::span<const Item> run, stream::Output& out);
  base::Result<void> write_ban(const Item& item, const sets::Order& order, const sets::Verdict& verdict,
                               stream::Output& out);
  base::Result<void> write_unban(const Item& item, const sets::Order& order, const sets::Verdict& verdict,
                                 stream::Output& out);
  base::Result<void> write_dry(const Item& item, stream::Output& out);

  Enforcer& enforcer_;
  bool dry_run_;
  const cli::Command& command_;
  event::Line line_;
  base::Time at_;                       // when the kernel had carried the latest out
  std::array<std::byte, 16384> first_;  // of the arena: few bans at a time never ask for memory
  std::pmr::monotonic_buffer_resource arena_;
  std::size_t kept_ = 0;  // bytes in the arena
  std::vector<Item> items_;
  cli::Complaint failed_;
};

}  // namespace xlimit::ipban
