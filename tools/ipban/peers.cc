// SPDX-License-Identifier: MIT
// Who is connected to the ports from which this host is administered.
#include "ipban/peers.h"

#include <algorithm>

namespace xlimit::ipban {

Peers::Peers(std::vector<std::uint16_t> ports) : asked_for_(!ports.empty()), ports_(std::move(ports)) {
  if (ports_.empty()) ports_ = {22};
  if (std::ranges::count(ports_, 0) != 0) ports_.clear();
  for (const std::uint16_t port : ports_)
    filter_ = std::move(filter_) || sockets::local_port(sockets::Comparison::equal, port);
  filter_ = std::move(filter_) && sockets::in_states(sockets::kProven);
}

base::Result<bool> Peers::anything_listens() {
  nothing_listened_.reset();
  if (ports_.empty()) return false;
  if (!diag_) {
    base::Result<sockets::Diag> opened = sockets::Diag::open();
    if (!opened) return base::failed(opened);
    diag_.emplace(std::move(*opened));
  }
  base::Result<std::vector<sockets::Connection>> listeners = diag_->listeners();
  if (!listeners) return base::failed(listeners);
  const bool any = std::ranges::any_of(*listeners, [&](const sockets::Connection& listener) {
    return std::ranges::count(ports_, listener.local_port) != 0;
  });
  if (!any) nothing_listened_ = std::chrono::steady_clock::now();
  return any;
}

// The walk over all connections takes a hundred times as long as that over listeners: it must be worth it.
base::Result<std::vector<ip::Address>> Peers::look() {
  std::vector<ip::Address> peers;
  if (nothing_listened_ && std::chrono::steady_clock::now() - *nothing_listened_ < kTrusted) return peers;
  base::Result<bool> listens = anything_listens();
  if (!listens) return base::failed(listens);
  if (!*listens) return peers;
  base::Result<void> listed = diag_->list_tcp(
      filter_, [&](const sockets::Connection& connection) { peers.push_back(connection.remote); });
  if (!listed) return base::failed(listed);
  return peers;
}

}  // namespace xlimit::ipban
