// SPDX-License-Identifier: MIT
// ipban status: are bans really enforced?
#include "cli/print.h"
#include "ipban/enforcer.h"
#include "ipban/lists.h"
#include "ipban/print.h"
#include "ipban/states.h"

namespace xlimit::ipban {
namespace {

using sets::SetState;

std::string join(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (const std::uint16_t port : ports) text += (text.empty() ? "" : ",") + std::to_string(port);
  return text;
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
  base::Result<std::vector<Shown>> states = read_states(settings, command, memory, **backend);
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
