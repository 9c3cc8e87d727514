// SPDX-License-Identifier: MIT
// What a compressed log holds, as a file that can be read like any other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "follow/identity.h"

namespace xlimit::follow {

// More is not unpacked.
inline constexpr std::uint64_t kMostUnpacked = std::uint64_t{4} << 30U;

// The name without ".gz" and its like; the same when it has no such ending.
std::string_view without_compression(std::string_view name);
bool is_gzip(std::string_view name);
// Is that file there compressed as well?
bool is_packed_beside(const std::string& path);

// An unnamed file in $TMPDIR, else /var/tmp, else /tmp. Fails with kData when `packed` is not whole, not gzip
// or too large, and with kSystem and the system's reason when there is no room. `path` is for errors.
base::Result<base::Fd> unpack(int packed, const std::string& path);

// May `packed` be what is just being made of `plain`, as far as its first bytes tell?
bool may_hold(const std::string& packed, const std::string& plain);
bool may_hold(const std::string& packed, const Identity& plain);

// The size that the end of a gzip file tells, without its higher bits.
std::optional<std::uint32_t> unpacked_size(const std::string& path);

}  // namespace xlimit::follow
