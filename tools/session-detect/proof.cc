// SPDX-License-Identifier: MIT
// Exact look-ups are done at once, walks beside us.
#include "session-detect/proof.h"

#include <utility>

namespace session_detect {

using base::Result;
using Why = sockets::Scout::Why;

Proof::Proof(const cli::Command& command, host::Watcher host)
    : failed_(command, "look a connection up, taken as none"), host_(std::move(host)), suspects_(command) {}

Result<std::unique_ptr<Proof>> Proof::open(const cli::Command& command) {
  Result<host::Watcher> host = host::Watcher::open();
  if (!host) return base::failed(host);
  std::unique_ptr<Proof> proof{new Proof{command, std::move(*host)}};
  Result<sockets::Witness> witness = sockets::Witness::open(
      [self = proof.get()] {
        return self->host_.current().map([](host::Facts facts) { return std::move(facts.own); });
      },
      [self = proof.get()](const std::string& text) { self->failed_.add(text); });
  if (!witness) return base::failed(witness);
  proof->witness_.emplace(std::move(*witness));
  Result<std::unique_ptr<sockets::Scout>> scout = sockets::Scout::open();
  if (!scout) return base::failed(scout);
  proof->scout_ = std::move(*scout);
  return proof;
}

session::Evidence Proof::evidence() {
  session::Evidence evidence;
  evidence.connection = [this](const ip::Address& address, std::uint16_t port) {
    return witness_->sees(address, port);
  };
  evidence.any = [this](const ip::Prefix& prefix) { return witness_->sees_any(prefix); };
  evidence.expect = [this](const ip::Prefix& prefix) {
    suspected_ = true;
    return suspects_.wants(prefix);
  };
  evidence.announce = [this](std::string_view user, const session::Target& target) {
    suspects_.add(user, target);
  };
  evidence.known = [this](const ip::Prefix& prefix) {
    sockets::Sighting seen = scout_->seen(prefix);
    return session::Sighting{seen.address, std::move(seen.ports)};
  };
  evidence.logged = [this](const ip::Address& address) { return nearby_.ports(address); };
  return evidence;
}

// Where a ban has just gone out the processors are for those who carry it out.
Result<void> Proof::look_around(bool banned, stream::Output& out) {
  if (banned) {
    suspects_.clear();
    scout_->look(Why::busy);
    return {};
  }
  scout_->look(std::exchange(suspected_, false) ? Why::suspect : Why::routine);
  return suspects_.tell(out);
}

}  // namespace session_detect
