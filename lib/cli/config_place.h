// SPDX-License-Identifier: MIT
// Where in a configuration file a key stands, for messages.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace xlimit::cli {

// "FILE:LINE", or "FILE" when the key is not found there; also the line of a section ("[table]"), or one that
// is no key and value. Of a key with its section ("table.key") the last part is looked for.
std::string place_of_key(const std::string& file, std::string_view key);

// What CLI11 takes without a word: a key given twice, of which it takes the last or both, and a list without
// its end. Fails with kConfig and the place. A file that cannot be read is not its business.
base::Result<void> check_keys(const std::string& file);

}  // namespace xlimit::cli
