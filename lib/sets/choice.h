// SPDX-License-Identifier: MIT
// Which backend keeps an installation's bans.
#pragma once

#include <memory>

#include "sets/backend.h"

namespace xlimit::sets {

// `automatic`: what keeps bans under this prefix already, else ipset, else, where the kernel lacks ipset or
// the match for it, nft.
enum class Kind : std::uint8_t { automatic, ipset, nft };

// Fails with kUnavailable when the other kind has the prefix, or the kernel lacks what is asked for; with
// kPermission without CAP_NET_ADMIN.
base::Result<std::unique_ptr<Backend>> open_backend(Kind kind, const Options& options);

}  // namespace xlimit::sets
