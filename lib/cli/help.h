// SPDX-License-Identifier: MIT
// The text of --help, made from the table of options.
#pragma once

#include <string>
#include <vector>

namespace xlimit::cli {

struct HelpRow {
  std::string left;   // "--window D"
  std::string right;  // "how long a place counts [5s]"
};

struct HelpPage {
  std::string usage;  // "ipban add [OPTION]... TARGET..."
  std::string summary;
  std::vector<HelpRow> verbs;
  std::vector<HelpRow> arguments;
  std::vector<HelpRow> options;
  std::vector<HelpRow> common;
};

// Lines of at most 80 columns, as long as no single word is wider.
std::string format_help(const HelpPage& page);

}  // namespace xlimit::cli
