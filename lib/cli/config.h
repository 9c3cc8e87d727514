// SPDX-License-Identifier: MIT
// A configuration file: TOML whose keys are the long names of options, with a [VERB] for those of a verb.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace xlimit::cli {

// An option, as a file sets it.
struct Key {
  std::function<base::Result<void>(std::string_view)> read;
  std::function<void()> clear;  // of a list only: what is given takes the place of what it holds
  std::function<bool()> given;  // on the command line, which goes first
  bool line_only = false;       // no file may set it
  std::string place{};          // "FILE:LINE", when a file has set it
  bool is_list() const { return clear != nullptr; }
};
using Keys = std::map<std::string, Key, std::less<>>;  // by long name without its dashes

// The options of a verb. They share variables with those of others, so only the chosen verb's are set.
struct Section {
  Keys* keys = nullptr;
  bool chosen = false;
};
using Sections = std::map<std::string, Section, std::less<>>;

// "A,B" as the value of a repeatable option, on the command line and as a text of a file; what is empty says
// nothing.
std::vector<std::string_view> split_list(std::string_view text);

// Sets what the file says. Fails with kConfig and "FILE:LINE: why" for anything that is no TOML, no option or
// not its value, and when the file is not there.
base::Result<void> read_config(const std::string& file, Keys& keys, const Sections& verbs);

}  // namespace xlimit::cli
