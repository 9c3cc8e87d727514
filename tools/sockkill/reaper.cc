// SPDX-License-Identifier: MIT
// A banned event goes out, then the target's connections end, then `killed` says how many.
#include "sockkill/reaper.h"

#include <chrono>
#include <span>

#include "base/clock.h"
#include "event/encode.h"

namespace xlimit::sockkill {
namespace {

using base::Exit;
using base::failed;
using base::Result;
using sockets::Connection;

// Targets gathered before they are swept, and how many of them get their logged connections looked up first:
// in a burst the one dump for all comes sooner than many look-ups.
constexpr std::size_t kMaxBatch = 4096;
constexpr std::size_t kMaxLookedUp = 32;
constexpr unsigned kTries = 3;

// Whose ports the ban names: of a prefix, the address last seen inside. Clients of ours only.
std::optional<ip::Address> logged_address(const event::Ban& ban) {
  if (ban.direction != event::Direction::in) return {};
  if (ban.target.is_single()) return ban.target.address();
  const bool inside = ban.address && ban.target.contains(*ban.address);
  return inside ? ban.address : std::nullopt;
}

// ipban bans nothing so wide, so the event is a fault or a stranger's; one line must not cost everybody's
// connections.
bool is_too_wide(const ip::Prefix& target) { return target.length() < (target.is_v4() ? 16U : 32U); }

}  // namespace

Result<bool> Reaper::take(const event::Event& event, const stream::Piece& line, stream::Output& out) {
  const auto* banned = std::get_if<event::Banned>(&event);
  if (banned == nullptr) return false;
  if (is_too_wide(banned->ban.target)) {
    refused_.add("'" + to_string(banned->ban.target) + "': wider than /16 or /32");
    return false;
  }
  targets_.push_back(banned->ban.target);
  tolls_.push_back(0);
  Result<void> passed = stream::pass(line, out);
  if (passed && !settings_.dry_run && targets_.size() <= kMaxLookedUp) passed = destroy_logged(banned->ban);
  if (passed && targets_.size() >= kMaxBatch) passed = sweep(out);
  return passed ? Result<bool>{true} : Result<bool>{failed(passed)};
}

Result<void> Reaper::sweep(stream::Output& out) {
  if (targets_.empty()) return {};
  // A log that cannot be written is no reason to let somebody go on.
  Result<void> flushed = out.flush();
  Result<void> swept = settings_.dry_run ? count() : destroy(out);
  return flushed ? swept : flushed;
}

// Without a walk of the table: the ports that the log named.
Result<void> Reaper::destroy_logged(const event::Ban& ban) {
  const std::optional<ip::Address> address = logged_address(ban);
  if (!address) return {};
  Result<std::vector<Connection>> found = finder_.find_all(*address, ban.ports);
  if (!found) return failed(found);
  Result<unsigned> destroyed = diag_.destroy(*found);
  if (!destroyed) return failed(destroyed);
  tolls_.back() += *destroyed;
  return {};
}

Result<void> Reaper::destroy(stream::Output& out) {
  Result<std::vector<sockets::Toll>> rest = killer_.kill(targets_);
  for (unsigned i = 1; i < kTries && !rest && rest.error().code == Exit::kTemporary; ++i)
    rest = killer_.kill(targets_);
  if (!rest) return failed(rest);
  event::Line line;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const event::Killed killed{.at = base::now(),
                               .node = command_.common().node,
                               .target = targets_[i],
                               .sockets = tolls_[i] + (*rest)[i].sockets,
                               .left = (*rest)[i].left};
    if (Result<void> written = out.write(event::encode(killed, line)); !written) return written;
  }
  forget();
  return {};
}

Result<void> Reaper::count() {
  Result<std::vector<sockets::Toll>> tolls = killer_.count(targets_);
  if (!tolls) return failed(tolls);
  for (std::size_t i = 0; i < targets_.size(); ++i)
    command_.warn(to_string(targets_[i]) + ": " + std::to_string((*tolls)[i].left) +
                  " sockets would be destroyed");
  forget();
  return {};
}

void Reaper::forget() {
  targets_.clear();
  tolls_.clear();
}

}  // namespace xlimit::sockkill
