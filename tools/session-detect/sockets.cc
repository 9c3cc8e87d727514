// SPDX-License-Identifier: MIT
// A witness for what is asked, a scout for what may be asked soon.
#include "session-detect/sockets.h"

namespace session_detect {

using base::Result;

Result<session::Evidence> Sockets::open() {
  Result<host::Watcher> host = host::Watcher::open();
  if (!host) return base::failed(host);
  host_.emplace(std::move(*host));
  Result<sockets::Witness> witness = sockets::Witness::open(
      [this] { return host_->current().map([](host::Facts facts) { return std::move(facts.own); }); },
      [this](const std::string& text) { failed_.add(text); });
  if (!witness) return base::failed(witness);
  witness_.emplace(std::move(*witness));
  Result<std::unique_ptr<sockets::Scout>> scout = sockets::Scout::open();
  if (!scout) return base::failed(scout);
  scout_ = std::move(*scout);
  return session::Evidence{.connection = [this](const ip::Address& address,
                                                std::uint16_t port) { return witness_->sees(address, port); },
                           .any = [this](const ip::Prefix& prefix) { return witness_->sees_any(prefix); },
                           .expect = [this](const ip::Prefix& prefix) { scout_->look(prefix); },
                           .known =
                               [this](const ip::Prefix& prefix) {
                                 sockets::Sighting seen = scout_->seen(prefix);
                                 return session::Sighting{seen.address, std::move(seen.ports)};
                               }};
}

}  // namespace session_detect
