// SPDX-License-Identifier: MIT
// What every front end shares: options, configuration file, help, one voice, exit codes.
//
//   int main(int argc, char** argv) {
//     Settings settings;
//     cli::Command command{"session-detect", "Write a ban for each user over the limit."};
//     command.option("--limit", settings.limit, "N", "places one user may hold");
//     command.option("--window", settings.window, "D", "how long a place counts after its last line");
//     return command.run(argc, argv, [&] { return detect(command, settings); });
//   }
//
// An option's type says how its text is read: strings, unsigned numbers, std::chrono::seconds (5s, 2m, 1h,
// 7d), bool (a flag), ip::Prefix, vectors of these (repeatable, and "A,B"), enums by choice(). The variable's
// value is the default and is shown in the help; an empty text or vector shows none. A vector that is given
// takes the default's place, also an empty one. On the command line a single value is never empty; in a file
// an empty text takes an optional's value away. Keys of the configuration file are the long names without
// dashes, those of a verb's options in a table of its name. Errors are printed once, as "PROGRAM: object:
// reason", and become the exit code.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/result.h"
#include "ip/prefix.h"

namespace xlimit::cli {

// What the shared options say.
struct Common {
  std::string node;  // --node, default: host name
  bool quiet = false;
  bool verbose = false;
};

// Readers of one value; a type of your own needs such a function in its namespace, and show_value().
base::Result<void> read_value(std::string_view text, std::string& value);
base::Result<void> read_value(std::string_view text, std::chrono::seconds& value);
base::Result<void> read_value(std::string_view text, std::optional<std::chrono::seconds>& value);
base::Result<void> read_value(std::string_view text, ip::Prefix& value);
template <std::unsigned_integral T>
base::Result<void> read_value(std::string_view text, T& value) {
  base::Result<T> number = base::parse_number<T>(text);
  if (!number) return base::failed(number);
  value = *number;
  return {};
}
std::string show_value(const std::string& value);
std::string show_value(std::chrono::seconds value);
std::string show_value(const std::optional<std::chrono::seconds>& value);
std::string show_value(const ip::Prefix& value);
template <std::unsigned_integral T>
std::string show_value(T value) {
  return std::to_string(value);
}

class Command {
 public:
  using Body = std::function<base::Result<base::Exit>()>;

  // `summary` is one sentence.
  Command(std::string name, std::string summary);
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  template <class T>
  void option(const std::string& names, T& value, const std::string& label, const std::string& help) {
    add_option(names, label, help, show_value(value),
               [&value](std::string_view text) { return read_value(text, value); });
  }
  template <class T>
  void option(const std::string& names, std::vector<T>& values, const std::string& label,
              const std::string& help) {
    const auto add = [&values](std::string_view text) {
      T value{};
      base::Result<void> read = read_value(text, value);
      if (read) values.push_back(std::move(value));
      return read;
    };
    add_option(names, label, help, "", add, [&values] { values.clear(); });
  }
  // A flag.
  void option(const std::string& names, bool& value, const std::string& help);
  // One of a few words; the first line of the help lists them.
  template <class T>
  void choice(const std::string& names, T& value, const std::vector<std::pair<std::string, T>>& words,
              const std::string& help) {
    std::string label, shown;
    for (const auto& [word, meaning] : words) {
      label += (label.empty() ? "" : "|") + word;
      if (meaning == value) shown = word;
    }
    add_option(names, label, help, shown,
               [&value, words, label](std::string_view text) -> base::Result<void> {
                 for (const auto& [word, meaning] : words) {
                   if (word != text) continue;
                   value = meaning;
                   return {};
                 }
                 return base::fail(base::Exit::kUsage, "'" + std::string{text} + "' is none of " + label);
               });
  }
  // This option says what a single run is for: a configuration file that sets it is wrong.
  void keep_to_line(std::string_view name);
  // Words after the options: "NAME", "FILE...". `required`: at least one; else the usage has it in brackets.
  void arguments(std::vector<std::string>& values, const std::string& label, const std::string& help,
                 bool required);
  // `name` takes everything behind it, dashes or not, to the end of the command line.
  void rest(const std::string& name, std::vector<std::string>& values, const std::string& label,
            const std::string& help);

  // A verb with options of its own; `body` runs when it is given. Options of this command are accepted behind
  // the verb too, and are listed in its help. The verb belongs to this command.
  Command& verb(const std::string& name, const std::string& summary, Body body);

  const Common& common() const;

  // Parses, runs `body` (or the verb given), prints its error, returns the exit code for main. A command with
  // verbs has no body: without a verb it is used wrongly.
  int run(int argc, char** argv, Body body = {});
  // Runs `body` on the options of a file alone, and prints nothing: the error is the caller's.
  base::Result<base::Exit> run_file(const std::string& file, const Body& body);

  // One line on stderr, "PROGRAM: TEXT"; silent under --quiet. For what the program survives: ends in ",
  // skipped" or the like.
  void warn(const std::string& text) const;

 private:
  struct Impl;
  explicit Command(std::unique_ptr<Impl> impl);
  // `clear` empties a list; what takes one value has none.
  void add_option(const std::string& names, const std::string& label, const std::string& help,
                  const std::string& shown, std::function<base::Result<void>(std::string_view)> read,
                  std::function<void()> clear = {});
  std::unique_ptr<Impl> impl_;
};

}  // namespace xlimit::cli
