// SPDX-License-Identifier: MIT
// ipban save: what is banned now and for how much longer, and the lists, as events.
#include <functional>

#include "base/clock.h"
#include "base/uuid.h"
#include "cli/print.h"
#include "ipban/enforcer.h"
#include "store/atomic_file.h"

namespace xlimit::ipban {
namespace {

using Write = std::function<void(std::string_view)>;

// What all lines share.
struct Saver {
  sets::Backend& backend;
  ledger::Ledger ledger;
  const std::string& node;
  const Write& write;
  base::Time now = base::now();
  event::Line line{};

  base::Result<void> save_bans(sets::SetKey key);
  base::Result<void> save_list(const sets::ListKey& list);
};

// The kernel says what is banned and for how long, the ledger why.
base::Result<void> Saver::save_bans(sets::SetKey key) {
  base::Result<bool> there = backend.list(key, [&](const sets::Entry& entry) {
    const ledger::Entry* known = ledger.find({entry.target, key.direction}, now);
    event::Banned banned;
    if (known != nullptr) banned = ledger.read(*known);
    const std::string id = base::make_uuid7(now, ip::to_string(entry.target)), origin = node + "/ipban";
    if (known == nullptr) {
      banned.ban.node = node;
      banned.ban.id = id;
      banned.ban.origin = origin;
    }
    banned.ban.at = now;
    banned.ban.target = entry.target;
    banned.ban.duration = entry.timeout;
    banned.ban.direction = key.direction;
    banned.result = event::BanResult::present;
    banned.set = backend.name_of(key);
    write(event::encode(banned, line));
  });
  return there ? base::Result<void>{} : base::failed(there);
}

base::Result<void> Saver::save_list(const sets::ListKey& list) {
  event::List part{.at = now, .node = node, .list = list.name, .direction = list.direction, .targets = {}};
  const auto flush = [&] {
    if (!part.targets.empty()) write(event::encode(part, line));
    part.targets.clear();
  };
  base::Result<bool> there = backend.each(list, [&](const ip::Prefix& prefix) {
    part.targets.push_back(prefix);
    if (part.targets.size() == event::List::kMostTargets) flush();
  });
  flush();
  return there ? base::Result<void>{} : base::failed(there);
}

base::Result<void> save_all(const Settings& settings, const cli::Command& command, const Write& write) {
  Memory memory{settings, command};
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, memory);
  if (!backend) return base::failed(backend);
  Saver saver{**backend, memory.recall(base::now()), command.common().node, write};
  for (const sets::SetKey key : sets::kAllKeys) {
    if (base::Result<void> saved = saver.save_bans(key); !saved) return saved;
  }
  base::Result<std::vector<sets::ListKey>> lists = (*backend)->lists();
  if (!lists) return base::failed(lists);
  for (const sets::ListKey& list : *lists) {
    if (base::Result<void> saved = saver.save_list(list); !saved) return saved;
  }
  return {};
}

}  // namespace

Ended save(const Settings& settings, const cli::Command& command) {
  if (settings.words.size() > 1)
    return base::fail(base::Exit::kUsage, "'" + settings.words[1] + "': unexpected argument");
  base::Result<void> done;
  if (settings.words.empty() || settings.words.front() == "-") {
    done = save_all(settings, command, [](std::string_view text) { cli::write_out(text); });
  } else {
    base::Result<store::AtomicFile> file = store::AtomicFile::create(settings.words.front());
    if (!file) return base::failed(file);
    base::Result<void> written;
    done = save_all(settings, command, [&](std::string_view text) {
      if (written) written = file->write(text);
    });
    if (done) done = written;
    if (done) done = file->commit();
  }
  if (!done) return base::failed(done);
  return base::Exit::kDone;
}

}  // namespace xlimit::ipban
