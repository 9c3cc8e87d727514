// SPDX-License-Identifier: MIT
// From argv to an exit code: parse, help, configuration file, body, one voice.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>

#include "cli/impl.h"
#include "cli/print.h"

namespace xlimit::cli {
namespace {

using base::Error;
using base::Exit;
using base::Result;

// Started with a standard descriptor closed ("<&-"), the first socket or file would become stdin or stdout,
// and be read or written as such. What takes its place refuses to be read, or written, with the error that a
// closed one gives: a program that got no input must not end as if it had read all of it.
void fill_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // the lowest free number, which is fd
  }
}

// Only the default file need not be there; one that may not be read is not taken for an absent one.
bool is_absent(const std::string& path) {
  return ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

// Where a file has set it; empty when none has.
std::string place_of(const Keys& keys, std::string_view option) {
  const auto key = keys.find(option);
  return key != keys.end() ? key->second.place : std::string{};
}

}  // namespace

// The verb that was given, if any.
const Command* Command::Impl::chosen() const {
  for (const auto& verb : verbs) {
    if (verb->impl_->app->parsed()) return verb.get();
  }
  return nullptr;
}

std::string Command::Impl::help_text() const {
  HelpPage page = help;
  page.summary = summary;
  if (root != this) {
    page.options.insert(page.options.end(), root->help.options.begin(), root->help.options.end());
    page.common = root->help.common;
  }
  const std::string words_after = page.usage.empty() ? "" : " " + page.usage;
  const std::string verb = page.verbs.empty() ? "" : verb_optional ? " [VERB]" : " VERB";
  page.usage = name + verb + " [OPTION]..." + words_after;
  return format_help(page);
}

void Command::Impl::parse() {
  std::vector<std::string> reversed{words.rbegin(), words.rend()};  // CLI11 takes them from the back
  if (rest != nullptr) {
    const auto at = std::find(words.begin(), words.end(), rest_name);
    if (at != words.end() && at + 1 == words.end()) throw CLI::ArgumentMismatch(rest_name);
    if (at != words.end()) {
      rest->assign(at + 1, words.end());
      reversed.assign(std::make_reverse_iterator(at), words.rend());
    }
  }
  // CLI11 would take the next word for the value of "--option=".
  for (auto word = reversed.rbegin(); word != reversed.rend() && *word != "--"; ++word) {
    const bool empty = word->starts_with("--") && word->find('=') == word->size() - 1;
    if (empty) throw CLI::ValidationError(word->substr(0, word->size() - 1), kNoValue);
  }
  allow_several_words();
  app->parse(reversed);
}

// "--port 80 443", unless 443 could be an argument.
void Command::Impl::allow_several_words() {
  const bool ambiguous =
      positional != nullptr || std::any_of(verbs.begin(), verbs.end(), [&](const auto& verb) {
        const std::vector<std::string>& all = root->words;
        return verb->impl_->positional != nullptr &&
               std::find(all.begin(), all.end(), verb->impl_->app->get_name()) != all.end();
      });
  for (CLI::Option* option : repeatables) option->allow_extra_args(!ambiguous);
  for (const auto& verb : verbs) verb->impl_->allow_several_words();
}

// One specific clause in place of CLI11's sentence.
Error Command::Impl::explain(const CLI::ParseError& error) const {
  const auto kind = static_cast<CLI::ExitCodes>(error.get_exit_code());
  const std::string what = error.what();
  if (kind == CLI::ExitCodes::ExtrasError) {
    for (const std::string& word : app->remaining(true)) {
      if (word.size() > 1 && word.front() == '-') return {Exit::kUsage, word + ": no such option"};
      const bool verb_missing = !verbs.empty() && chosen() == nullptr;
      return {Exit::kUsage, "'" + word + "': " + (verb_missing ? "no such verb" : "unexpected argument")};
    }
  }
  if (kind == CLI::ExitCodes::ArgumentMismatch)
    return {Exit::kUsage, what.substr(0, what.find(':')) + ": needs a value"};
  if (kind == CLI::ExitCodes::ConversionError && what.find(" = ") != std::string::npos) {
    // "Could not convert: --dry-run = maybe"
    const std::size_t option = what.find(": ") + 2, equals = what.find(" = ");
    return {Exit::kUsage, what.substr(option, equals - option) + ": '" + what.substr(equals + 3) +
                              "' is neither true nor false"};
  }
  if (kind == CLI::ExitCodes::RequiredError) return {Exit::kUsage, what + "; see '" + name + " --help'"};
  return {Exit::kUsage, what};
}

Result<Exit> Command::Impl::parse_and_run(Body body) {
  try {
    parse();
  } catch (const CLI::CallForHelp&) {
    const Command* verb = chosen();
    write_out((verb != nullptr ? *verb->impl_ : *this).help_text());
    return Exit::kDone;
  } catch (const CLI::CallForVersion& version) {
    print("{}\n", version.what());
    return Exit::kDone;
  } catch (const CLI::ParseError& error) {
    return tl::make_unexpected(explain(error));
  }
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    if (verbs[i].get() == chosen()) body = bodies[i];
  }
  if (!body) return base::fail(Exit::kUsage, "no verb given; see '" + name + " --help'");
  if (config.empty() && !is_absent(default_config())) config = default_config();
  return config.empty() ? body() : run_with(config, body);
}

Result<Exit> Command::Impl::run_with(const std::string& file, const Body& body) {
  Sections sections;
  for (const auto& verb : verbs)
    sections[verb->impl_->app->get_name()] = {.keys = &verb->impl_->keys, .chosen = verb.get() == chosen()};
  if (Result<void> read = read_config(file, keys, sections); !read) return base::failed(read);
  Result<Exit> done = body();
  if (done || done.error().code != Exit::kUsage || !done.error().text.starts_with("--")) return done;
  // A value that the body does not take: when it is the file's, that is to be mended there.
  const std::string option = done.error().text.substr(2, done.error().text.find(':') - 2);
  const Command* const verb = chosen();
  std::string place = place_of(keys, option);
  if (place.empty() && verb != nullptr) place = place_of(verb->impl_->keys, option);
  return place.empty() ? done : base::fail(Exit::kConfig, place + ": " + done.error().text);
}

Result<Exit> Command::run_file(const std::string& file, const Body& body) {
  return impl_->run_with(file, body);
}

int Command::run(int argc, char** argv, Body body) {
  fill_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that left is noticed where it is written to
  impl_->words.assign(argv + 1, argv + argc);
  impl_->verb_optional = static_cast<bool>(body);
  Result<Exit> result;
  try {
    result = impl_->parse_and_run(std::move(body));
  } catch (const std::exception& exception) {
    result = base::fail(Exit::kSystem, exception.what());
  }
  if (Result<void> printed = finish_printing(); result && !printed) result = base::failed(printed);
  if (result) return static_cast<int>(*result);
  complain(impl_->name, result.error().text);
  return static_cast<int>(result.error().code);
}

}  // namespace xlimit::cli
