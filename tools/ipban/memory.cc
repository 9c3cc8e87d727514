// SPDX-License-Identifier: MIT
// What ipban remembers beyond the kernel, and beyond a reboot.
#include "ipban/memory.h"

#include <algorithm>
#include <cstdlib>

#include "base/clock.h"
#include "journal/lists.h"
#include "journal/ports.h"

namespace xlimit::ipban {
namespace {

constexpr std::array kDirections{event::Direction::in, event::Direction::out};

journal::KeptList kept(const sets::ListKey& list) { return {list.name, list.direction}; }

}  // namespace

std::string default_state() {
  const char* folders = std::getenv("STATE_DIRECTORY");
  if (folders == nullptr || *folders == '\0') return "/var/lib/xlimit/ipban";
  const std::string_view text{folders};
  return std::string{text.substr(0, text.find(':'))};
}

Memory::Memory(const Settings& settings, const cli::Command& command)
    : dry_run_(settings.dry_run), failed_(command, "bans go on, but are not remembered") {
  // A prefix that is none makes no file's name; open_backend() says so.
  if (settings.state == "none" || !sets::check_prefix(settings.set)) return;
  const bool shared = settings.state == default_state();
  place_ = shared ? journal::shared_place(settings.state, settings.set)
                  : journal::Place{settings.state, settings.set};
  journal_.emplace(*place_);
}

void Memory::check(const base::Result<void>& done) {
  if (!done) failed_.add(done.error().text);
}

void Memory::add(event::Banned banned, base::Time at) {
  if (!place_) return;
  banned.ban.at = at;
  journal_->add(event::encode(banned, line_));
}

void Memory::add(event::Unbanned unbanned, base::Time at) {
  if (!place_) return;
  unbanned.unban.at = at;
  journal_->add(event::encode(unbanned, line_));
}

void Memory::write(std::chrono::milliseconds patience) {
  if (place_) check(journal_->write(std::chrono::steady_clock::now(), patience));
}

base::Result<void> Memory::forget_bans() { return place_ ? journal_->clear() : base::Result<void>{}; }

base::Result<ledger::Ledger> Memory::read(base::Time now, std::string_view text) {
  ledger::Ledger ledger;
  if (!place_) return ledger;
  if (base::Result<void> read = journal::replay(*place_, ledger, now, text); !read) return base::failed(read);
  return ledger;
}

ledger::Ledger Memory::recall(base::Time now, std::string_view text) {
  base::Result<ledger::Ledger> ledger = read(now, text);
  if (ledger) return std::move(*ledger);
  failed_.add(ledger.error().text);
  return ledger::Ledger{};
}

bool Memory::uses_out(base::Time now) {
  if (!place_) return false;
  base::Result<std::vector<journal::KeptList>> lists = journal::kept_lists(*place_);
  if (lists && std::ranges::count(*lists, event::Direction::out, &journal::KeptList::direction) > 0)
    return true;
  bool any = false;
  recall(now, event::kOutText).each(now, [&](const ledger::Key& key, const ledger::Entry&) {
    any = any || key.direction == event::Direction::out;
  });
  return any;
}

base::Result<std::optional<store::Lock>> Memory::lock_lists(std::chrono::milliseconds patience) {
  if (!place_ || dry_run_) return std::nullopt;
  check(journal::make_folder(*place_));
  base::Result<store::Lock> lock = store::Lock::take(place_->path("lists"), patience);
  if (lock) return std::optional{std::move(*lock)};
  if (lock.error().code == base::Exit::kTemporary) return base::failed(lock);
  return std::nullopt;
}

void Memory::keep_list(const sets::ListKey& list, std::span<const ip::Prefix> prefixes) {
  if (place_) check(journal::keep_list(*place_, kept(list), prefixes));
}

base::Result<void> Memory::forget_list(const sets::ListKey& list) {
  return place_ ? journal::forget_list(*place_, kept(list)) : base::Result<void>{};
}

sets::Ports Memory::ports() {
  sets::Ports ports;
  if (!place_) return ports;
  for (const event::Direction direction : kDirections) {
    base::Result<std::vector<std::uint16_t>> kept = journal::kept_ports(*place_, direction);
    if (!kept)
      failed_.add(kept.error().text);
    else
      (direction == event::Direction::in ? ports.in : ports.out) = std::move(*kept);
  }
  return ports;
}

void Memory::keep_ports(sets::Backend& backend, const std::vector<std::uint16_t>& wanted) {
  if (!place_) return;
  base::Result<std::vector<sets::SetState>> states = backend.status();
  if (!states) return failed_.add(states.error().text);
  const sets::Ports before = ports();
  for (const sets::SetState& state : *states) {
    if (state.key.family != sets::Family::v4) continue;
    const bool enforced = state.exists && state.faults.empty();
    if (!enforced && wanted.empty()) continue;
    const std::vector<std::uint16_t>& now = enforced ? state.ports : wanted;
    if (now != before.of(state.key.direction)) check(journal::keep_ports(*place_, state.key.direction, now));
  }
}

}  // namespace xlimit::ipban
