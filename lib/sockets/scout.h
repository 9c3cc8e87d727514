// SPDX-License-Identifier: MIT
// Knows the connections of those who may have to go soon, so that whoever decides it can name them at once:
// a walk of the kernel's table takes longer than all the rest. The walks are a thread's own; nobody waits for
// them.
//
//   Result<std::unique_ptr<Scout>> scout = Scout::open();
//   (*scout)->look(prefix);  // a suspect
//   ...
//   const Sighting sighting = (*scout)->seen(prefix);  // what the last walk showed
//
// Needs no privilege.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "ip/prefix.h"
#include "sockets/diag.h"

namespace xlimit::sockets {

// The live TCP connections of one address inside a prefix.
struct Sighting {
  ip::Address address{};
  std::vector<std::uint16_t> ports;  // at most kMaxPorts; empty when nothing is known
};

// Pure: of all the connections with a peer in `prefix` those of the address that has most.
Sighting sight(const std::vector<Connection>& connections, const ip::Prefix& prefix);

class Scout {
 public:
  // Suspects that wait for a walk or are remembered; beyond them nothing is looked up, or all is forgotten.
  static constexpr std::size_t kMostWaiting = 32, kMostKnown = 1024;
  // What is older is as good as unknown, and what is younger is not looked up again.
  static constexpr std::chrono::seconds kStale{30};
  static constexpr std::chrono::milliseconds kFresh{100};
  // Walks take at most one part in so many of a processor, whatever lines are forged; so much may be saved
  // up.
  static constexpr int kShare = 10;
  static constexpr std::chrono::milliseconds kSavings{100};

  // Fails with kUnavailable when the kernel has no sock_diag, with kSystem when there can be no thread.
  static base::Result<std::unique_ptr<Scout>> open();
  ~Scout();
  Scout(const Scout&) = delete;
  Scout& operator=(const Scout&) = delete;

  // Has the connections of this prefix looked up soon. Never waits for a walk.
  void look(const ip::Prefix& prefix);
  // What the last look showed; connections may be gone or new since. Never waits for a walk.
  Sighting seen(const ip::Prefix& prefix) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    Sighting sighting;
    Clock::time_point at;
  };

  explicit Scout(Diag diag) : diag_(std::move(diag)) {}
  void work();
  void walk(const std::vector<ip::Prefix>& suspects);

  Diag diag_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ip::Prefix> waiting_;
  std::unordered_map<ip::Prefix, Known> known_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace xlimit::sockets
