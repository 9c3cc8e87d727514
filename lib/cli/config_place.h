// SPDX-License-Identifier: MIT
// Where in a configuration file a key stands, for messages.
#pragma once

#include <string>
#include <string_view>

namespace xlimit::cli {

// "FILE:LINE", or "FILE" when the key is not found there. Of a key with its section ("table.key") the last
// part is looked for.
std::string place_of_key(const std::string& file, std::string_view key);

}  // namespace xlimit::cli
