// SPDX-License-Identifier: MIT
// One thread: waits for suspects, walks for all of them at once, rests.
#include "sockets/scout.h"

#include <algorithm>
#include <csignal>
#include <map>
#include <system_error>

#include "sockets/finder.h"
#include "sockets/targets.h"

namespace xlimit::sockets {

using base::Result;

Sighting sight(const std::vector<Connection>& connections, const ip::Prefix& prefix) {
  std::map<ip::Address, std::vector<std::uint16_t>> ports;
  for (const Connection& connection : connections) {
    if (prefix.contains(connection.remote)) ports[connection.remote].push_back(connection.remote_port);
  }
  Sighting most;
  for (auto& [address, held] : ports) {
    if (held.size() > most.ports.size()) most = {address, std::move(held)};
  }
  most.ports.resize(std::min(most.ports.size(), kMaxPorts));
  return most;
}

Result<std::unique_ptr<Scout>> Scout::open() {
  Result<Diag> diag = Diag::open();
  if (!diag) return base::failed(diag);
  std::unique_ptr<Scout> scout{new Scout{std::move(*diag)}};
  // Signals are for the thread that has the loop.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<std::unique_ptr<Scout>> opened;
  try {
    scout->thread_ = std::thread{[self = scout.get()] { self->work(); }};
    opened = std::move(scout);
  } catch (const std::system_error& error) {
    opened = base::os_error("start a thread", error.code().value());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return opened;
}

Scout::~Scout() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Scout::look(const ip::Prefix& prefix) {
  {
    const std::lock_guard lock{mutex_};
    const auto known = known_.find(prefix);
    if (known != known_.end() && Clock::now() - known->second.at < kFresh) return;
    if (waiting_.size() >= kMostWaiting || std::ranges::count(waiting_, prefix) != 0) return;
    waiting_.push_back(prefix);
  }
  changed_.notify_one();
}

Sighting Scout::seen(const ip::Prefix& prefix) const {
  const std::lock_guard lock{mutex_};
  const auto known = known_.find(prefix);
  if (known == known_.end() || Clock::now() - known->second.at >= kStale) return {};
  return known->second.sighting;
}

// The more a walk costs, the longer it rests afterwards.
void Scout::work() {
  Clock::time_point rested{};  // walks may begin from here on
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Clock::time_point begin = Clock::now();
    if (begin < rested) {
      changed_.wait_until(lock, rested);
      continue;
    }
    const std::vector<ip::Prefix> suspects = std::exchange(waiting_, {});
    lock.unlock();
    walk(suspects);
    rested = std::max(rested, begin - kSavings) + (Clock::now() - begin) * kShare;
    lock.lock();
  }
}

// A walk that fails tells nothing: the connections are then found later, by a walk that somebody waits for.
void Scout::walk(const std::vector<ip::Prefix>& suspects) {
  const Targets targets{suspects};
  std::vector<Connection> found;
  Result<void> listed = diag_.list_tcp(targets.filter(), [&](const Connection& connection) {
    if (targets.find(connection.remote)) found.push_back(connection);
  });
  if (!listed) return;
  std::vector<Sighting> sightings;
  for (const ip::Prefix& suspect : suspects) sightings.push_back(sight(found, suspect));
  const Clock::time_point now = Clock::now();
  const std::lock_guard lock{mutex_};
  if (known_.size() + suspects.size() > kMostKnown)
    std::erase_if(known_, [&](const auto& entry) { return now - entry.second.at >= kFresh; });
  if (known_.size() + suspects.size() > kMostKnown) known_.clear();
  for (std::size_t i = 0; i < suspects.size(); ++i) known_[suspects[i]] = {std::move(sightings[i]), now};
}

}  // namespace xlimit::sockets
