// SPDX-License-Identifier: MIT
// Knows this host's own addresses and default gateways, and notices when they change.
//
//   Result<host::Watcher> watcher = host::Watcher::open();
//   Result<host::Facts> facts = watcher->read();
//   ... poll watcher->fd(); when it is readable and watcher->changed() says so, read() again.
#pragma once

#include <optional>

#include "base/result.h"
#include "host/facts.h"
#include "netlink/socket.h"

namespace xlimit::host {

class Watcher {
 public:
  // Needs no privilege. Changes from here on are noticed, so read() after open() misses nothing.
  static base::Result<Watcher> open();

  // What is true now, from the kernel's tables.
  base::Result<Facts> read();
  // The same, but the tables are read only when something changed since the last call: a router's may be
  // long.
  base::Result<Facts> current();

  int fd() const { return news_.fd(); }
  // Takes the notifications that are waiting; true when one of them matters, or when some were lost.
  bool changed();

 private:
  Watcher(netlink::Socket tables, netlink::Socket news)
      : tables_(std::move(tables)), news_(std::move(news)) {}

  netlink::Socket tables_, news_;
  std::optional<Facts> known_;  // by current()
};

}  // namespace xlimit::host
