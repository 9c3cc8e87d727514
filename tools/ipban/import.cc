// SPDX-License-Identifier: MIT
// ipban import: takes over what a node of the monitoring panel has blocked.
#include <fmt/core.h>

#include "cli/print.h"
#include "event/object.h"
#include "ipban/enforcer.h"
#include "ipban/known.h"
#include "ipban/lists.h"
#include "ipban/print.h"
#include "ipban/spared.h"
#include "stream/file.h"

namespace xlimit::ipban {
namespace {

constexpr std::size_t kLargest = std::size_t{256} * 1024 * 1024;
constexpr const char* kName = "permanent";

// One direction of the file.
struct Part {
  event::Direction direction;
  ip::Ranges blocked;
  std::vector<ip::Prefix> allowed;
};

struct Blocklist {
  std::array<Part, 2> parts{Part{event::Direction::in, {}, {}}, Part{event::Direction::out, {}, {}}};
  std::uint64_t entries = 0, invalid = 0, too_wide = 0;
  std::string sample;  // the first that is invalid

  void blame(std::string_view text) {
    if (invalid++ == 0) sample = event::escaped(text, 80);
  }
};

base::Result<Blocklist> parse(std::string text, const std::string& name) {
  // An object ends with its brace, a file with a newline.
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  const std::size_t size = text.size();
  text.resize(size + event::kPadding);
  event::Object object;
  object.open({text.data(), size});
  Blocklist list;
  bool any = false;
  const auto read = [&](const char* key, const auto& add) {
    object.texts(key, [&](std::string_view word) {
      any = true;
      const std::optional<ip::Prefix> prefix = ip::parse_prefix(word);
      if (!prefix) return list.blame(word);
      ++list.entries;
      add(*prefix);
    });
  };
  const std::array<const char*, 2> blocked{"in_permanent", "out_permanent"}, allowed{"in_allow", "out_allow"};
  for (std::size_t i = 0; i < list.parts.size(); ++i) {
    read(blocked.at(i), [&](const ip::Prefix& prefix) { list.parts.at(i).blocked.add(prefix); });
    read(allowed.at(i), [&](const ip::Prefix& prefix) { list.parts.at(i).allowed.push_back(prefix); });
  }
  // What the oldest nodes wrote.
  read("permanent", [&](const ip::Prefix& prefix) { list.parts.front().blocked.add(prefix); });
  const bool known = any || object.number("temp_timeout", UINT32_MAX).has_value();
  if (!object.close()) return base::fail(base::Exit::kData, "read '" + name + "': " + object.wrong());
  if (!known) return base::fail(base::Exit::kData, "read '" + name + "': it is no blocklist.json of a node");
  for (Part& part : list.parts) list.too_wide += part.blocked.erase_wider();
  return list;
}

void tell(const sets::ListKey& list, const sets::Change& change, const Settings& settings) {
  if (resolve(settings.format) == Format::json)
    cli::print(R"({{"type":"loaded","list":"{}","direction":"{}","added":{},"removed":{},"unchanged":{},)"
               R"("dry_run":{}}})"
               "\n",
               list.name, word(list.direction), change.added, change.removed, change.unchanged,
               settings.dry_run);
  else
    cli::print("{}list '{}', direction {}: {} added, {} removed, {} unchanged\n",
               settings.dry_run ? "would change " : "", list.name, word(list.direction), change.added,
               change.removed, change.unchanged);
}

void tell_allowed(const Part& part, const Settings& settings) {
  for (const ip::Prefix& prefix : part.allowed) {
    if (resolve(settings.format) == Format::json)
      cli::print(R"({{"type":"allow","target":"{}","direction":"{}"}})"
                 "\n",
                 ip::to_string(prefix), word(part.direction));
    else
      cli::print("allow {}\n", ip::to_string(prefix));
  }
}

// What the list holds already stays, but for what may not be in it.
base::Result<void> take_over(Part& part, const ip::Ranges& spared, const Settings& settings, Memory& memory,
                             sets::Backend& backend) {
  const sets::ListKey list{kName, part.direction};
  // Before the list is read, or what another import adds meanwhile would be taken out.
  base::Result<std::optional<store::Lock>> lock = memory.lock_lists(kListPatience);
  if (!lock) return base::failed(lock);
  base::Result<bool> there = backend.each(list, [&](const ip::Prefix& prefix) { part.blocked.add(prefix); });
  if (!there) return base::failed(there);
  ip::Ranges allowed;
  for (const ip::Prefix& prefix : part.allowed) allowed.add(prefix);
  allowed.unite();
  part.blocked.unite();
  part.blocked.subtract(spared);
  part.blocked.subtract(allowed);
  if (part.blocked.empty() && !*there) return {};
  const std::vector<ip::Prefix> prefixes = part.blocked.prefixes();
  base::Result<sets::Change> change = backend.load(list, prefixes, settings.dry_run);
  if (!change) return base::failed(change);
  if (!settings.dry_run) memory.keep_list(list, prefixes);
  tell(list, *change, settings);
  return {};
}

}  // namespace

Ended import(const Settings& settings, const cli::Command& command) {
  if (settings.words.size() > 1)
    return base::fail(base::Exit::kUsage, "'" + settings.words[1] + "': unexpected argument");
  const std::string file = settings.words.front() == "-" ? "/dev/stdin" : settings.words.front();
  base::Result<std::string> text = stream::read_file(file, kLargest);
  if (!text) return base::failed(text);
  base::Result<Blocklist> blocklist = parse(std::move(*text), settings.words.front());
  if (!blocklist) return base::failed(blocklist);
  if (blocklist->invalid > 0)
    command.warn(fmt::format("{} entries are no address or prefix, the first '{}', skipped",
                             blocklist->invalid, blocklist->sample));
  warn_of_wide(command, blocklist->too_wide);
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  base::Result<ip::Ranges> spared = read_spared(settings, command);
  if (!spared) return base::failed(spared);
  for (Part& part : blocklist->parts) {
    base::Result<void> done = take_over(part, *spared, settings, memory, **backend);
    if (!done) return base::failed(done);
    tell_allowed(part, settings);
  }
  if (!blocklist->parts[0].allowed.empty() || !blocklist->parts[1].allowed.empty())
    command.warn("what the node allows is left out of the lists; give it to --allow, so that it stays so");
  return base::Exit::kDone;
}

}  // namespace xlimit::ipban
