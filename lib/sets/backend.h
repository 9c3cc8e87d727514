// SPDX-License-Identifier: MIT
// What ipban asks of the kernel, whatever keeps the bans there: ipset's sets and nftables rules that match
// with them, or nftables alone.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sets/names.h"
#include "sets/set_message.h"

namespace xlimit::sets {

// One thing to do to one set.
struct Order {
  Action action = Action::insert;
  Direction direction = Direction::in;
  Entry entry;

  SetKey key() const { return {family_of(entry.target), direction}; }
};

enum class Outcome : std::uint8_t {
  done,
  exists,   // insert: it is there already
  absent,   // remove, test: it is not there
  full,     // the set takes no more entries
  no_set,   // the set itself is not there
  refused,  // anything else, by Answer::error
};

struct Answer {
  Outcome outcome = Outcome::refused;
  int error = 0;  // the kernel's error number, for `refused`
};

// Destination ports that the bans of each direction are limited to; none: all.
struct Ports {
  std::vector<std::uint16_t> in, out;

  const std::vector<std::uint16_t>& of(Direction direction) const {
    return direction == Direction::in ? in : out;
  }
};

// One installation on a host.
struct Options {
  std::string prefix = "xlimit";
  Ports ports;
};

// One set and what enforces it.
struct SetState {
  SetKey key;
  std::string name;
  bool exists = false;
  std::uint64_t entries = 0, maximum = 0, bytes = 0;
  std::uint64_t packets = 0, dropped_bytes = 0;  // counted by its rules
  std::vector<std::uint16_t> ports{};            // that its rules are limited to; none: all
  std::vector<std::string> faults{};             // what keeps bans in it from being enforced, one clause each
};

// One list and what enforces it, for both families.
struct ListState {
  ListKey key;
  std::array<SetState, 2> families;  // IPv4, IPv6
};

// What replacing a list did, or with a dry run would do.
struct Change {
  std::uint64_t added = 0, removed = 0, unchanged = 0;

  bool any() const { return added + removed > 0; }
  Change& operator+=(const Change& other);
  bool operator==(const Change&) const = default;
};

// How much setup() does: `missing` leaves rules alone that drop other ports than ours, `exact` does not.
enum class Setup : std::uint8_t { missing, exact };

// Where bans are kept.
class BanStore {
 public:
  virtual ~BanStore() = default;

  virtual const std::string& name_of(SetKey key) const = 0;

  // Puts sets and rules of one direction in place, for both families, and leaves what is right alone.
  // Returns what was done, or with `dry_run` would be, one clause each.
  virtual base::Result<std::vector<std::string>> setup(Direction direction, Setup what, bool dry_run) = 0;

  // Carries out the orders in their order; answers[i] is the kernel's word on orders[i]. Fails when the
  // kernel could not be asked: what became of the orders is then unknown.
  virtual base::Result<void> execute(std::span<const Order> orders, std::span<Answer> answers) = 0;

  // Every entry of a set; false when there is no such set.
  virtual base::Result<bool> list(SetKey key, const std::function<void(const Entry&)>& on_entry) = 0;
  // Those of `targets` that are entries of a set; false when there is no such set. Unless the kernel can be
  // asked for them, this is a walk through the whole set.
  virtual base::Result<bool> look_up(SetKey key, std::span<const ip::Prefix> targets,
                                     const std::function<void(const Entry&)>& on_entry);

  // Whether setup() has made a set of that direction since this was last asked: it is new, or was taken away
  // with its bans.
  bool made_sets(Direction direction) { return std::exchange(made(direction), false); }

 protected:
  void note_made_set(Direction direction) { made(direction) = true; }

 private:
  bool& made(Direction direction) { return direction == Direction::in ? made_in_ : made_out_; }

  bool made_in_ = false, made_out_ = false;
};

// All that one installation has in the kernel.
class Backend : public BanStore {
 public:
  // "ipset" or "nft".
  virtual std::string_view kind() const = 0;
  // The longest that a ban can last, other than for ever.
  virtual std::chrono::seconds longest_timeout() const = 0;

  // Rules that are made from now on are limited to these ports.
  virtual void limit_to(Ports ports) = 0;

  // Takes rules and then sets away, of both directions and of all lists.
  virtual base::Result<std::vector<std::string>> teardown(bool dry_run) = 0;
  // Empties a set of bans; false when there is no such set.
  virtual base::Result<bool> flush(SetKey key) = 0;

  virtual base::Result<bool> exists(SetKey key) = 0;

  // Begins to listen for changes of the packet filter; gives a descriptor that is readable when there was
  // one.
  virtual base::Result<int> watch() = 0;
  // Takes the news; true when rules of ours may no longer be there, first, or in force.
  virtual bool was_harmed() = 0;

  // Makes `prefixes` the list's whole content: at every moment a packet meets the old list or the new one.
  // They must be sorted, IPv4 first, and disjoint. Sets and rules are put in place first; a list that has
  // just this content already, and its rules, is left alone.
  virtual base::Result<Change> load(const ListKey& list, std::span<const ip::Prefix> prefixes,
                                    bool dry_run) = 0;
  // Takes a list's rules and sets away; false when there was none.
  virtual base::Result<bool> unload(const ListKey& list, bool dry_run) = 0;
  // The lists that are in the kernel, sorted.
  virtual base::Result<std::vector<ListKey>> lists() = 0;
  // Every prefix of a list; false when there is no such list.
  virtual base::Result<bool> each(const ListKey& list,
                                  const std::function<void(const ip::Prefix&)>& on_prefix) = 0;
  // The prefixes of a list that contain `target`, the narrowest first, without a walk through the list.
  virtual base::Result<std::vector<ip::Prefix>> find(const ListKey& list, const ip::Prefix& target) = 0;
  virtual base::Result<ListState> status(const ListKey& list) = 0;

  // All four sets. An `out` set that was never used, and has no rules, has no faults.
  virtual base::Result<std::vector<SetState>> status() = 0;
};

}  // namespace xlimit::sets
