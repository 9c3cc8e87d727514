// SPDX-License-Identifier: MIT
// ipban list, test: what the sets hold.
#include <algorithm>

#include "base/clock.h"
#include "cli/print.h"
#include "ipban/enforcer.h"
#include "ipban/known.h"
#include "ipban/lists.h"
#include "ipban/print.h"

namespace xlimit::ipban {
namespace {

struct Found {
  sets::SetKey key;
  sets::Entry entry;
};

base::Result<std::vector<Found>> read_all(sets::Backend& backend) {
  std::vector<Found> found;
  for (const sets::SetKey key : sets::kAllKeys) {
    const std::size_t before = found.size();
    base::Result<bool> there = backend.list(key, [&](const sets::Entry& entry) {
      found.push_back({key, entry});
    });
    if (!there) return base::failed(there);
    std::sort(found.begin() + static_cast<std::ptrdiff_t>(before), found.end(),
              [](const Found& a, const Found& b) { return a.entry.target < b.entry.target; });
  }
  return found;
}

void print_json(const Found& found, const std::string& set, const Known& known) {
  cli::print(R"({{"type":"entry","target":"{}","seconds":{},"direction":"{}","set":"{}"{}}})"
             "\n",
             ip::to_string(found.entry.target), found.entry.timeout.count(), word(found.key.direction), set,
             known.json());
}

Row row_of(const Found& found, const std::string& set, bool plain, const Known& known) {
  Row row{ip::to_string(found.entry.target),
          plain ? std::to_string(found.entry.timeout.count()) : show_remaining(found.entry.timeout),
          word(found.key.direction), set};
  known.add_to(row);
  return row;
}

// The entries that contain the target, the narrowest first.
base::Result<std::vector<Found>> covering(sets::Backend& backend, const ip::Prefix& target) {
  std::vector<Found> found;
  for (const event::Direction direction : {event::Direction::in, event::Direction::out}) {
    const sets::SetKey key{sets::family_of(target), direction};
    // The kernel looks a single address up in no time; only what it finds is worth a walk through the set.
    const sets::Order order{
        .action = sets::Action::test, .direction = direction, .entry = {.target = target}};
    sets::Answer answer;
    base::Result<void> asked = backend.execute({&order, 1}, {&answer, 1});
    if (!asked) return base::failed(asked);
    if (target.is_single() && answer.outcome != sets::Outcome::done) continue;
    std::vector<ip::Prefix> wider;
    for (unsigned length = 0; length <= target.length(); ++length)
      wider.emplace_back(target.address(), length);
    base::Result<bool> there = backend.look_up(key, wider, [&](const sets::Entry& entry) {
      found.push_back({key, entry});
    });
    if (!there) return base::failed(there);
  }
  std::ranges::sort(found, std::greater{}, [](const Found& one) { return one.entry.target.length(); });
  return found;
}

std::string why(Memory& memory, const Found& found) {
  const base::Time now = base::now();
  ledger::Ledger ledger = memory.recall(now, event::target_text(found.entry.target));
  return what_is_known(ledger, {found.entry.target, found.key.direction}, now).clause();
}

base::Result<bool> test_one(sets::Backend& backend, const std::string& text, Memory& memory) {
  base::Result<ip::Prefix> target = ip::read_prefix(text);
  if (!target) return base::failed(target);
  base::Result<std::vector<Found>> found = covering(backend, *target);
  if (!found) return base::failed(found);
  for (const Found& one : *found) {
    const std::string entry = one.entry.target == *target ? "" : ip::to_string(one.entry.target) + " ";
    const std::string time = one.entry.timeout.count() == 0
                                 ? "permanently"
                                 : "for another " + base::format_duration(one.entry.timeout);
    cli::print("{} is banned: {}in set '{}' {}{}\n", ip::to_string(*target), entry, backend.name_of(one.key),
               time, why(memory, one));
  }
  base::Result<bool> listed = tell_lists(backend, *target);
  if (!listed) return listed;
  if (found->empty() && !*listed) cli::print("{} is not banned\n", ip::to_string(*target));
  return !found->empty() || *listed;
}

}  // namespace

Ended list(const Settings& settings, const cli::Command& command) {
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  if (!settings.words.empty()) return show_list(**backend, settings);
  base::Result<std::vector<Found>> all = read_all(**backend);
  if (!all) return base::failed(all);
  const Format format = resolve(settings.format);
  const base::Time now = base::now();
  ledger::Ledger ledger = memory.recall(now);
  std::vector<Row> rows;
  for (const Found& found : *all) {
    const std::string& set = (*backend)->name_of(found.key);
    const Known known = what_is_known(ledger, {found.entry.target, found.key.direction}, now);
    if (format == Format::json)
      print_json(found, set, known);
    else
      rows.push_back(row_of(found, set, format == Format::plain, known));
  }
  if (format == Format::table)
    print_table({"TARGET", "LEFT", "DIRECTION", "SET", "RULE", "USER", "ORIGIN", "REASON"}, rows);
  if (format == Format::plain) print_plain(rows);
  return base::Exit::kDone;
}

Ended test(const Settings& settings, const cli::Command& command) {
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  bool all = true;
  for (const std::string& target : settings.targets) {
    base::Result<bool> banned = test_one(**backend, target, memory);
    if (!banned) return base::failed(banned);
    all = all && *banned;
  }
  return all ? base::Exit::kDone : base::Exit::kNo;
}

}  // namespace xlimit::ipban
