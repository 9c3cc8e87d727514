// SPDX-License-Identifier: MIT
// A banned event goes out, then the target's connections end, then `killed` says how many. The walks are the
// sweeper's: the next offender's logged connections do not wait for them.
#include "sockkill/reaper.h"

#include <utility>

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
constexpr std::size_t kMaxBatch = sockets::Sweeper::kMost;
constexpr std::size_t kMaxLookedUp = 32;

// ipban bans nothing so wide, so the event is a fault or a stranger's; one line must not cost everybody's
// connections.
bool is_too_wide(const ip::Prefix& target) { return target.length() < (target.is_v4() ? 16U : 32U); }

}  // namespace

Result<bool> Reaper::take(const event::Event& event, const stream::Piece& line, stream::Output& out) {
  if (const auto* suspect = std::get_if<event::Suspect>(&event)) {
    if (sweeper_ != nullptr) prepared_.add(*suspect);
    return true;
  }
  const auto* banned = std::get_if<event::Banned>(&event);
  if (banned == nullptr) return false;
  if (is_too_wide(banned->ban.target)) {
    refused_.add("'" + to_string(banned->ban.target) + "': wider than /16 or /32");
    return false;
  }
  sweeps_.push_back({banned->ban.target});
  Result<void> passed = stream::pass(line, out);
  if (passed && sweeper_ != nullptr && sweeps_.size() <= kMaxLookedUp) passed = destroy_logged(banned->ban);
  if (passed && sweeps_.size() >= kMaxBatch) passed = sweep(out);
  return passed ? Result<bool>{true} : Result<bool>{failed(passed)};
}

Result<void> Reaper::sweep(stream::Output& out) {
  if (sweeps_.empty()) return {};
  // A log that cannot be written is no reason to let somebody go on.
  Result<void> flushed = out.flush();
  if (sweeper_ != nullptr) {
    sweeping_ += sweeps_.size();
    sweeper_->add(std::exchange(sweeps_, {}));
    return flushed;
  }
  Result<void> counted = count();
  return flushed ? counted : flushed;
}

// Without a walk of the table: what is known already, then the other ports that the log named. Only
// clients of ours.
Result<void> Reaper::destroy_logged(const event::Ban& ban) {
  if (ban.direction != event::Direction::in) return {};
  const std::optional<ip::Address> address = logged_address(ban);
  if (!address) return {};
  std::vector<std::uint16_t> left = ban.ports;
  const std::vector<Connection> known = prepared_.take(ban.target);
  Result<void> destroyed = destroy(known, [&](const Connection& connection) {
    if (connection.remote == *address) std::erase(left, connection.remote_port);
  });
  if (!destroyed || left.empty()) return destroyed;
  return finder_.find_all(*address, left, [&](std::span<const Connection> found) { return destroy(found); });
}

Result<void> Reaper::destroy(std::span<const Connection> connections,
                             const sockets::Diag::OnConnection& on_destroyed) {
  if (connections.empty()) return {};
  Result<unsigned> destroyed = diag_.destroy(connections, on_destroyed);
  if (!destroyed) return failed(destroyed);
  sweeps_.back().toll.sockets += *destroyed;
  return {};
}

Result<void> Reaper::report(stream::Output& out) {
  Result<void> written = write(sweeper_->take(), out);
  return written ? out.flush() : written;
}

Result<void> Reaper::finish(stream::Output& out) {
  return sweeper_ != nullptr ? write(sweeper_->finish(), out) : Result<void>{};
}

Result<void> Reaper::write(const Result<std::vector<sockets::Sweep>>& swept, stream::Output& out) {
  if (!swept) return tl::make_unexpected(swept.error());
  sweeping_ -= swept->size();
  event::Line line;
  for (const sockets::Sweep& sweep : *swept) {
    const event::Killed killed{.at = base::now(),
                               .node = command_.common().node,
                               .target = sweep.target,
                               .sockets = sweep.toll.sockets,
                               .left = sweep.toll.left};
    if (Result<void> written = out.write(event::encode(killed, line)); !written) return written;
  }
  return {};
}

Result<void> Reaper::count() {
  std::vector<ip::Prefix> targets;
  for (const sockets::Sweep& sweep : std::exchange(sweeps_, {})) targets.push_back(sweep.target);
  Result<std::vector<sockets::Toll>> tolls = sockets::Killer{diag_}.count(targets);
  if (!tolls) return failed(tolls);
  for (std::size_t i = 0; i < targets.size(); ++i)
    command_.warn(to_string(targets[i]) + ": " + std::to_string((*tolls)[i].left) +
                  " sockets would be destroyed");
  return {};
}

}  // namespace xlimit::sockkill
