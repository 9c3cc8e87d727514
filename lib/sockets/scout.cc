// SPDX-License-Identifier: MIT
// One thread: waits to be asked, walks, rests.
#include "sockets/scout.h"

#include <algorithm>
#include <ctime>

#include "base/thread.h"
#include "sockets/finder.h"

namespace xlimit::sockets {
namespace {

using base::Result;

// Of the thread, so that others who keep the processor busy cost no walks.
std::chrono::nanoseconds time_spent() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace

Sighting sight(std::span<const Peer> peers, const ip::Prefix& prefix) {
  std::span<const Peer> most;
  for (auto at = std::ranges::lower_bound(peers, Peer{prefix.address()});
       at != peers.end() && prefix.contains(at->address);) {
    const auto end =
        std::find_if(at, peers.end(), [&](const Peer& peer) { return peer.address != at->address; });
    if (const std::span<const Peer> held{at, end}; held.size() > most.size()) most = held;
    at = end;
  }
  Sighting sighting;
  if (!most.empty()) sighting.address = most.front().address;
  for (const Peer& peer : most.first(std::min(most.size(), kMaxPorts))) sighting.ports.push_back(peer.port);
  return sighting;
}

Result<std::unique_ptr<Scout>> Scout::open() {
  Result<Diag> diag = Diag::open();
  if (!diag) return base::failed(diag);
  std::unique_ptr<Scout> scout{new Scout{std::move(*diag)}};
  Result<std::thread> thread = base::start_thread([self = scout.get()] { self->work(); });
  if (!thread) return base::failed(thread);
  scout->thread_ = std::move(*thread);
  return scout;
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

void Scout::look(Why why) {
  {
    const std::lock_guard lock{mutex_};
    const Clock::time_point now = Clock::now();
    bool known = lingers();
    if (why != Why::suspect) asked_ = now;
    if (why == Why::busy) yielded_ = now + kYield;
    if (why != Why::busy) known = std::exchange(why == Why::suspect ? suspect_.asked : routine_.asked, true);
    if (known) return;
  }
  changed_.notify_one();
}

Sighting Scout::seen(const ip::Prefix& prefix) const {
  const std::lock_guard lock{mutex_};
  return Clock::now() - walked_ < kStale ? sight(peers_, prefix) : Sighting{};
}

Scout::Clock::time_point Scout::routine_due() const {
  if (!routine_.asked && !lingers()) return Clock::time_point::max();
  return std::max({routine_.rested, yielded_, walked_ + (routine_.asked ? kYield : kPause)});
}

void Scout::work() {
  std::unique_lock lock{mutex_};
  while (!stopped_) {
    const Clock::time_point now = Clock::now(), routine = routine_due();
    const Clock::time_point suspect = suspect_.asked ? suspect_.rested : Clock::time_point::max();
    const Clock::time_point due = std::min(suspect, routine);
    if (due == Clock::time_point::max()) {
      changed_.wait(lock);
    } else if (now < due) {
      changed_.wait_until(lock, due);
    } else {
      suspect_.asked = routine_.asked = false;
      lock.unlock();
      const std::chrono::nanoseconds before = time_spent();
      walk();
      const std::chrono::nanoseconds spent = time_spent() - before;
      lock.lock();
      walked_ = Clock::now();
      Reason& reason = suspect <= routine ? suspect_ : routine_;
      reason.rested = std::max(reason.rested, now - reason.savings) + spent * reason.share;
    }
  }
}

// A walk that fails tells nothing: the connections are then found later, by a walk that somebody waits for.
void Scout::walk() {
  std::vector<Peer> peers;
  Result<void> listed = diag_.list_tcp(in_states(kProven), [&](const Connection& connection) {
    if (peers.size() < kMostPeers && !connection.remote.is_loopback())
      peers.push_back({connection.remote, connection.remote_port});
  });
  if (!listed) peers.clear();
  std::ranges::sort(peers);
  const std::lock_guard lock{mutex_};
  peers_.swap(peers);
}

}  // namespace xlimit::sockets
