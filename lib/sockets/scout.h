// SPDX-License-Identifier: MIT
// Knows who is connected here, so that whoever decides that somebody has to go can name his connections at
// once: a walk of the kernel's table takes longer than all the rest. The walks are a thread's own; nobody
// waits for them.
//
//   Result<std::unique_ptr<Scout>> scout = Scout::open();
//   (*scout)->look(Scout::Why::routine);  // lines come in
//   (*scout)->look(Scout::Why::suspect);  // somebody may have to go soon
//   ...
//   const Sighting sighting = (*scout)->seen(prefix);  // what the last walk showed
//
// Needs no privilege. Where nobody asks there is no walk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"
#include "sockets/diag.h"

namespace xlimit::sockets {

// The far end of a connection.
struct Peer {
  ip::Address address{};
  std::uint16_t port = 0;

  auto operator<=>(const Peer&) const = default;
};

// The live TCP connections of one address inside a prefix.
struct Sighting {
  ip::Address address{};
  std::vector<std::uint16_t> ports;  // at most kMaxPorts; empty when nothing is known
};

// Pure: of all peers in `prefix` those of the address that has most. `peers` are sorted.
Sighting sight(std::span<const Peer> peers, const ip::Prefix& prefix);

class Scout {
 public:
  // Lines came and somebody was banned; lines came; somebody may have to go soon.
  enum class Why : std::uint8_t { busy, routine, suspect };

  // Connections that are remembered, in 20 bytes each.
  static constexpr std::size_t kMostPeers = 65536;
  // A walk older than this tells nothing.
  static constexpr std::chrono::seconds kStale{30};
  // Clients connect before lines tell of them: so long after the last line walks go on, with such pauses.
  static constexpr std::chrono::seconds kLinger{10};
  static constexpr std::chrono::milliseconds kPause{20};
  // For so long after a walk, or after a ban, the processors are for others.
  static constexpr std::chrono::milliseconds kYield{10};
  // Walks take at most one part in so many of a processor, whatever lines are forged; the time of so long may
  // be saved up.
  static constexpr int kSuspectShare = 10, kRoutineShare = 50;
  static constexpr std::chrono::seconds kSuspectSavings{10}, kRoutineSavings{30};

  // Fails with kUnavailable when the kernel has no sock_diag, with kSystem when there can be no thread.
  static base::Result<std::unique_ptr<Scout>> open();
  ~Scout();
  Scout(const Scout&) = delete;
  Scout& operator=(const Scout&) = delete;

  // Has all connections looked at soon, and now and then from here on. Never waits for a walk.
  void look(Why why);
  // What the last walk showed; connections may be gone or new since. Never waits for a walk.
  Sighting seen(const ip::Prefix& prefix) const;

 private:
  using Clock = std::chrono::steady_clock;
  // A reason to walk. The more a walk costs, the longer there is none for the same.
  struct Reason {
    int share;
    std::chrono::seconds savings;
    bool asked = false;          // since the last walk
    Clock::time_point rested{};  // walks may begin from here on
  };

  explicit Scout(Diag diag) : diag_(std::move(diag)) {}
  void work();
  bool lingers() const { return walked_ < asked_ + kLinger; }
  Clock::time_point routine_due() const;
  void walk();

  Diag diag_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Reason suspect_{kSuspectShare, kSuspectSavings}, routine_{kRoutineShare, kRoutineSavings};
  std::vector<Peer> peers_;                            // sorted
  Clock::time_point walked_ = Clock::now(), asked_{};  // last; asked for routine
  Clock::time_point yielded_{};                        // to others, until then
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace xlimit::sockets
