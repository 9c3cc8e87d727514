// SPDX-License-Identifier: MIT
// The stage: a banned event goes out, then the target's connections end, then `killed` says how many.
#include <algorithm>
#include <chrono>
#include <span>

#include "event/encode.h"
#include "host/watcher.h"
#include "sockets/diag.h"
#include "sockets/finder.h"
#include "sockets/killer.h"
#include "sockkill/sockkill.h"
#include "stage/stage.h"

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
constexpr std::size_t kMaxPorts = 16;  // of one target, newest first
constexpr unsigned kTries = 3;

class Reaper {
 public:
  Reaper(const Settings& settings, const cli::Command& command, sockets::Diag& diag, sockets::Finder& finder)
      : settings_(settings), command_(command), diag_(diag), finder_(finder), killer_(diag) {}

  Result<bool> take(const event::Event& event, const stream::Piece& line, stream::Output& out) {
    const auto* banned = std::get_if<event::Banned>(&event);
    if (banned == nullptr) return false;
    if (Result<void> passed = stream::pass(line, out); !passed) return failed(passed);
    targets_.push_back(banned->ban.target);
    tolls_.push_back(0);
    const std::optional<ip::Address> logged = logged_address(banned->ban);
    if (logged && targets_.size() <= kMaxLookedUp && !settings_.dry_run) {
      Result<void> destroyed = destroy_logged(*logged, banned->ban.ports);
      if (!destroyed) return failed(destroyed);
    }
    if (targets_.size() < kMaxBatch) return true;
    Result<void> swept = sweep(out);
    return swept ? Result<bool>{true} : Result<bool>{failed(swept)};
  }

  // The rest of every target's connections.
  Result<void> sweep(stream::Output& out) {
    if (targets_.empty()) return {};
    if (Result<void> flushed = out.flush(); !flushed) return flushed;
    return settings_.dry_run ? count() : destroy(out);
  }

 private:
  // Whose ports the ban names: of a prefix, the address last seen inside.
  static std::optional<ip::Address> logged_address(const event::Ban& ban) {
    if (ban.direction != event::Direction::in) return {};
    if (ban.target.is_single()) return ban.target.address();
    const bool inside = ban.address && ban.target.contains(*ban.address);
    return inside ? ban.address : std::nullopt;
  }

  // Without a walk of the table: the ports that the log named.
  Result<void> destroy_logged(const ip::Address& address, const std::vector<std::uint16_t>& ports) {
    for (const std::uint16_t port : std::span{ports}.first(std::min(ports.size(), kMaxPorts))) {
      Result<std::optional<Connection>> found = finder_.find(address, port);
      if (!found) return failed(found);
      if (!*found) continue;
      Result<unsigned> destroyed = diag_.destroy({&**found, 1});
      if (!destroyed) return failed(destroyed);
      tolls_.back() += *destroyed;
    }
    return {};
  }

  Result<void> destroy(stream::Output& out) {
    Result<std::vector<sockets::Toll>> rest = killer_.kill(targets_);
    for (unsigned i = 1; i < kTries && !rest && rest.error().code == Exit::kTemporary; ++i)
      rest = killer_.kill(targets_);
    if (!rest) return failed(rest);
    event::Line line;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const event::Killed killed{.at = now(),
                                 .node = command_.common().node,
                                 .target = targets_[i],
                                 .sockets = tolls_[i] + (*rest)[i].sockets,
                                 .left = (*rest)[i].left};
      if (Result<void> written = out.write(event::encode(killed, line)); !written) return written;
    }
    forget();
    return {};
  }

  Result<void> count() {
    Result<std::vector<sockets::Toll>> tolls = killer_.count(targets_);
    if (!tolls) return failed(tolls);
    for (std::size_t i = 0; i < targets_.size(); ++i)
      command_.warn(to_string(targets_[i]) + ": " + std::to_string((*tolls)[i].left) +
                    " sockets would be destroyed");
    forget();
    return {};
  }

  void forget() {
    targets_.clear();
    tolls_.clear();
  }

  static event::Time now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }

  const Settings& settings_;
  const cli::Command& command_;
  sockets::Diag& diag_;
  sockets::Finder& finder_;
  sockets::Killer killer_;
  std::vector<ip::Prefix> targets_;
  std::vector<std::uint32_t> tolls_;  // destroyed already, by target
};

}  // namespace

Result<Exit> apply(const Settings& settings, const cli::Command& command) {
  if (!settings.filter.empty()) return base::fail(Exit::kUsage, "apply: takes no filter");
  Result<sockets::Diag> diag = sockets::Diag::open();
  if (!diag) return failed(diag);
  Result<void> allowed = settings.dry_run ? Result<void>{} : diag->check_destroy();
  if (!allowed) return failed(allowed);
  Result<host::Watcher> watcher = host::Watcher::open();
  if (!watcher) return failed(watcher);
  sockets::Finder finder{
      *diag, [&] { return watcher->read().map([](host::Facts facts) { return std::move(facts.own); }); }};
  Reaper reaper{settings, command, *diag, finder};
  stage::Handlers handlers;
  handlers.on_event = [&](const event::Event& event, const stream::Piece& line, stream::Output& out) {
    return reaper.take(event, line, out);
  };
  handlers.on_drained = [&](stream::Output& out) { return reaper.sweep(out); };
  stage::Stage stage{command, std::move(handlers)};
  Result<Exit> ended = stage.run();
  // When the reader of stdout went away there may be targets still.
  Result<void> swept = reaper.sweep(stage.out());
  return ended && !swept ? Result<Exit>{failed(swept)} : ended;
}

}  // namespace xlimit::sockkill
