// SPDX-License-Identifier: MIT
// What a Command holds. CLI11 costs eight seconds of compile time for each file that includes it: for the two
// that a Command is made of.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/config.h"
#include "cli/help.h"

namespace xlimit::cli {

struct Command::Impl {
  std::string name;  // program, or program and verb
  std::string summary;
  std::unique_ptr<CLI::App> owned;
  CLI::App* app = nullptr;
  Impl* root = nullptr;
  Common common;
  std::string config;  // --config
  Keys keys;
  HelpPage help;
  std::vector<CLI::Option*> repeatables;
  std::vector<std::string>* positional = nullptr;
  std::vector<std::unique_ptr<Command>> verbs;
  std::vector<Body> bodies;  // by verb
  std::string rest_name;
  std::vector<std::string>* rest = nullptr;
  std::vector<std::string> words;  // argv

  static constexpr const char* kNoValue = "needs a value, not an empty text";
  bool verb_optional = false;  // there is a body for when none is given

  void parse();
  void allow_several_words();
  const Command* chosen() const;
  std::string help_text() const;
  std::string default_config() const { return "/etc/xlimit/" + name + ".toml"; }
  void add_key(const CLI::Option* option, std::function<base::Result<void>(std::string_view)> read,
               std::function<void()> clear = {});
  void add_flag(const std::string& names, bool& value);
  base::Result<base::Exit> parse_and_run(Body body);
  base::Result<base::Exit> run_with(const std::string& file, const Body& body);
  base::Error explain(const CLI::ParseError& error) const;
};

}  // namespace xlimit::cli
