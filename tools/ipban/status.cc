// SPDX-License-Identifier: MIT
// ipban status: are bans really enforced?
#include <algorithm>

#include "base/clock.h"
#include "cli/print.h"
#include "ipban/enforcer.h"
#include "ipban/lists.h"
#include "ipban/print.h"
#include "journal/lists.h"

namespace xlimit::ipban {
namespace {

using sets::SetState;

// An `out` set that nobody ever needed is no news.
bool is_shown(const SetState& state) { return state.exists || !state.faults.empty(); }

std::string join(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (const std::uint16_t port : ports) text += (text.empty() ? "" : ",") + std::to_string(port);
  return text;
}

// The sets of bans and those of lists, with the list's name.
struct Shown {
  SetState state;
  std::string list;
};

// A list that was loaded and whose set somebody took away.
void blame_missing(const Memory& memory, const sets::ListKey& list, SetState& state) {
  if (!memory.place() || state.exists) return;
  const journal::KeptFamilies kept = journal::kept_families(*memory.place(), {list.name, list.direction});
  if (state.key.family == sets::Family::v4 ? kept.v4 : kept.v6)
    state.faults.emplace_back("the set is missing, and with it the list; 'ipban restore' puts it back");
}

// Lists that are in the kernel or were.
base::Result<std::vector<sets::ListKey>> all_lists(const Memory& memory, sets::Backend& backend) {
  base::Result<std::vector<sets::ListKey>> lists = backend.lists();
  if (!lists || !memory.place()) return lists;
  base::Result<std::vector<journal::KeptList>> kept = journal::kept_lists(*memory.place());
  if (!kept) return base::failed(kept);
  for (const journal::KeptList& one : *kept) {
    const sets::ListKey list{one.name, one.direction};
    if (std::ranges::count(*lists, list) == 0) lists->push_back(list);
  }
  return lists;
}

// Sets of direction out that somebody took away, rules and all, though they are needed.
void blame_missing(Memory& memory, std::vector<SetState>& bans) {
  const auto is_gone = [](const SetState& state) {
    return state.key.direction == event::Direction::out && !is_shown(state);
  };
  if (std::ranges::none_of(bans, is_gone) || !memory.uses_out(base::now())) return;
  for (SetState& state : bans) {
    if (is_gone(state))
      state.faults.emplace_back(
          "the set is missing, and bans or lists of its direction are remembered; 'ipban "
          "restore' puts them back");
  }
}

base::Result<std::vector<Shown>> read_states(Memory& memory, sets::Backend& backend) {
  std::vector<Shown> shown;
  base::Result<std::vector<SetState>> bans = backend.status();
  if (!bans) return base::failed(bans);
  blame_missing(memory, *bans);
  for (SetState& state : *bans) {
    if (is_shown(state)) shown.push_back({std::move(state), ""});
  }
  base::Result<std::vector<sets::ListKey>> lists = all_lists(memory, backend);
  if (!lists) return base::failed(lists);
  for (const sets::ListKey& list : *lists) {
    base::Result<sets::ListState> state = backend.status(list);
    if (!state) return base::failed(state);
    for (SetState& family : state->families) {
      blame_missing(memory, list, family);
      if (is_shown(family)) shown.push_back({std::move(family), list.name});
    }
  }
  return shown;
}

void print_json(const SetState& state, const std::string& list, std::string_view backend) {
  std::string faults;
  // Faults are our own words and names that were checked: nothing in them needs escaping.
  for (const std::string& fault : state.faults) faults += (faults.empty() ? "\"" : ",\"") + fault + "\"";
  cli::print(
      R"({{"type":"status","set":"{}","backend":"{}","list":"{}","direction":"{}","enforced":{},"entries":{},)"
      R"("maximum":{},"memory_bytes":{},"ports":[{}],"dropped_packets":{},"dropped_bytes":{},"faults":[{}]}})"
      "\n",
      state.name, backend, list, word(state.key.direction), state.faults.empty(), state.entries,
      state.maximum, state.bytes, join(state.ports), state.packets, state.dropped_bytes, faults);
}

Row row_of(const SetState& state) {
  return {state.name,
          word(state.key.direction),
          state.faults.empty() ? "yes" : "no",
          std::to_string(state.entries),
          state.ports.empty() ? "all" : join(state.ports),
          std::to_string(state.packets),
          std::to_string(state.dropped_bytes)};
}

}  // namespace

Ended status(const Settings& settings, const cli::Command& command) {
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  base::Result<std::vector<Shown>> states = read_states(memory, **backend);
  if (!states) return base::failed(states);
  const Format format = resolve(settings.format);
  std::vector<Row> rows;
  bool enforced = true;
  for (const auto& [state, list] : *states) {
    enforced = enforced && state.faults.empty();
    if (format == Format::json)
      print_json(state, list, (*backend)->kind());
    else
      rows.push_back(row_of(state));
    for (const std::string& fault : state.faults) command.warn("set '" + state.name + "': " + fault);
  }
  const Row heading{"SET", "DIRECTION", "ENFORCED", "ENTRIES", "PORTS", "PACKETS", "BYTES"};
  if (format == Format::table) print_table(heading, rows);
  if (format == Format::plain) print_plain(rows);
  return enforced ? base::Exit::kDone : base::Exit::kNo;
}

}  // namespace xlimit::ipban
