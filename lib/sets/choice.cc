// SPDX-License-Identifier: MIT
// Which backend keeps an installation's bans.
#include "sets/choice.h"

#include <algorithm>

#include "sets/ipset_backend.h"
#include "sets/nft_backend.h"

namespace xlimit::sets {
namespace {

// What is there under a prefix: some set for bans.
base::Result<bool> has_bans(Backend& backend) {
  for (const SetKey key : kAllKeys) {
    base::Result<bool> there = backend.exists(key);
    if (!there || *there) return there;
  }
  return false;
}

// Fails when `other` has the prefix already, which must be known only when `one` does not.
base::Result<std::unique_ptr<Backend>> unless_taken(base::Result<std::unique_ptr<Backend>> one,
                                                    base::Result<std::unique_ptr<Backend>> other,
                                                    const Options& options) {
  if (!one || !other) return one;
  base::Result<bool> mine = has_bans(**one);
  if (!mine) return base::failed(mine);
  base::Result<bool> taken = *mine ? base::Result<bool>{false} : has_bans(**other);
  if (!taken) return base::failed(taken);
  if (!*taken) return one;
  const std::string kind{(*other)->kind()};
  return base::fail(base::Exit::kUnavailable, "use " + std::string{(*one)->kind()} + ": '" + options.prefix +
                                                  "' is in " + kind + "; tear that down with --backend " +
                                                  kind + " or choose another --set");
}

base::Result<bool> has_set_match(const Options& options) {
  base::Result<NftClient> client = NftClient::open(options.prefix);
  if (!client) return base::failed(client);
  return client->has_set_match();
}

base::Result<std::unique_ptr<Backend>> choose(const Options& options) {
  base::Result<std::unique_ptr<Backend>> nft = NftBackend::open(options);
  base::Result<std::unique_ptr<Backend>> ipset = IpsetBackend::open(options);
  if (!nft) return ipset;
  base::Result<bool> there = has_bans(**nft);
  if (!there) return base::failed(there);
  if (*there || (!ipset && ipset.error().code == base::Exit::kUnavailable)) return nft;
  if (!ipset) return ipset;
  there = has_bans(**ipset);
  if (there && !*there) there = has_set_match(options);
  if (!there) return base::failed(there);
  return *there ? std::move(ipset) : std::move(nft);
}

}  // namespace

base::Result<std::unique_ptr<Backend>> open_backend(Kind kind, const Options& options) {
  switch (kind) {
    case Kind::automatic: return choose(options);
    case Kind::ipset: return unless_taken(IpsetBackend::open(options), NftBackend::open(options), options);
    case Kind::nft: return unless_taken(NftBackend::open(options), IpsetBackend::open(options), options);
  }
  return base::fail(base::Exit::kUsage, "no such backend");
}

}  // namespace xlimit::sets
