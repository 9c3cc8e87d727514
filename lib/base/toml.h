// SPDX-License-Identifier: MIT
// The one door to toml++. Every node of what was parsed tells where it stands: node.source().
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

// Its warnings are not ours.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wswitch-enum"
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>
#pragma GCC diagnostic pop

namespace xlimit::base {

// `file` is for messages. Fails as toml_error() does.
Result<toml::table> parse_toml(std::string_view text, const std::string& file);

// Fails with kConfig and "FILE:LINE: WHY".
tl::unexpected<Error> toml_error(const std::string& file, const toml::source_region& where,
                                 std::string_view why);

}  // namespace xlimit::base
