// SPDX-License-Identifier: MIT
// The filter language, which is ss(8)'s:
//
//   dst 203.0.113.7 sport = :443
//   state established and ( dst 203.0.113.0/24 or dst [2001:db8::]/64 ) and not sport = :22
//
// Conditions side by side are joined by `and`, which binds tighter than `or`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sockets/filter.h"

namespace xlimit::sockets {

// The port of a service name ("https"), absent when there is none. May be empty: then only numbers are ports.
using FindService = std::function<std::optional<std::uint16_t>(std::string_view)>;

// An empty text matches everything. A filter that does not speak of states means the live ones (kLive). Fails
// with kUsage, naming the word that does not fit.
base::Result<Filter> parse_filter(std::string_view text, const FindService& find_service = {});

}  // namespace xlimit::sockets
