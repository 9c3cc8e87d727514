// SPDX-License-Identifier: MIT
// ipban load, unload: named lists, replaced as a whole.
#include <fmt/core.h>

#include "cli/print.h"
#include "ipban/content.h"
#include "ipban/enforcer.h"
#include "ipban/lists.h"
#include "ipban/print.h"
#include "ipban/spared.h"

namespace xlimit::ipban {
namespace {

struct Content {
  std::vector<ip::Prefix> prefixes;
  std::uint64_t invalid = 0;   // lines
  std::uint64_t too_wide = 0;  // entries
  std::uint64_t spared = 0;    // pieces that were cut out
};

base::Result<Content> prepare(const Settings& settings, const cli::Command& command) {
  base::Result<feed::Parsed> parsed = read_content(settings.words.size() < 2 ? "-" : settings.words[1]);
  if (!parsed) return base::failed(parsed);
  base::Result<ip::Ranges> spared = read_spared(settings, command);
  if (!spared) return base::failed(spared);
  ip::Ranges& ranges = parsed->ranges;
  Content content{.prefixes = {}, .invalid = parsed->invalid};
  content.too_wide = ranges.erase_wider();
  content.spared = ranges.unite();
  content.spared += ranges.subtract(*spared);
  content.prefixes = ranges.prefixes();
  if (parsed->invalid > 0)
    command.warn(fmt::format("{} lines are no address or prefix, the first '{}', skipped", parsed->invalid,
                             parsed->sample));
  warn_of_wide(command, content.too_wide);
  if (content.prefixes.empty() && !settings.allow_empty)
    return base::fail(base::Exit::kData,
                      "load list '" + settings.words[0] + "': nothing in it; --allow-empty if that is meant");
  return content;
}

void tell(const sets::ListKey& list, const Content& content, const sets::Change& change,
          const Settings& settings) {
  if (resolve(settings.format) == Format::json) {
    cli::print(R"({{"type":"loaded","list":"{}","direction":"{}","added":{},"removed":{},"unchanged":{},)"
               R"("invalid":{},"too_wide":{},"spared":{},"dry_run":{}}})"
               "\n",
               list.name, word(list.direction), change.added, change.removed, change.unchanged,
               content.invalid, content.too_wide, content.spared, settings.dry_run);
    return;
  }
  cli::print("{}list '{}': {} added, {} removed, {} unchanged; {} invalid, {} too wide, {} spared\n",
             settings.dry_run ? "would change " : "", list.name, change.added, change.removed,
             change.unchanged, content.invalid, content.too_wide, content.spared);
}

}  // namespace

Ended load(const Settings& settings, const cli::Command& command) {
  base::Result<sets::ListKey> list = read_list(settings, 2);
  if (!list) return base::failed(list);
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  base::Result<Content> content = prepare(settings, command);
  if (!content) return base::failed(content);
  base::Result<std::optional<store::Lock>> lock = memory.lock_lists(kListPatience);
  if (!lock) return base::failed(lock);
  base::Result<sets::Change> change = (*backend)->load(*list, content->prefixes, settings.dry_run);
  if (!change) return base::failed(change);
  // Also when nothing changes: it may not have been possible the last time.
  if (!settings.dry_run) memory.keep_list(*list, content->prefixes);
  tell(*list, *content, *change, settings);
  return base::Exit::kDone;
}

Ended unload(const Settings& settings, const cli::Command& command) {
  base::Result<sets::ListKey> list = read_list(settings, 1);
  if (!list) return base::failed(list);
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  base::Result<std::optional<store::Lock>> lock = memory.lock_lists(kListPatience);
  if (!lock) return base::failed(lock);
  // First, or a running `ipban apply` would put it back.
  if (!settings.dry_run) {
    if (base::Result<void> forgotten = memory.forget_list(*list); !forgotten) return base::failed(forgotten);
  }
  base::Result<bool> gone = (*backend)->unload(*list, settings.dry_run);
  if (!gone) return base::failed(gone);
  if (!*gone) command.warn("no list '" + list->name + "' of direction " + word(list->direction));
  if (*gone && settings.dry_run) cli::print("would unload list '{}'\n", list->name);
  return *gone ? base::Exit::kDone : base::Exit::kNo;
}

}  // namespace xlimit::ipban
