// SPDX-License-Identifier: MIT
// The only file that includes CLI11: it costs eight seconds of compile time wherever it goes.
#include "cli/command.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>

#include "base/fd.h"
#include "cli/config_place.h"
#include "cli/help.h"
#include "cli/print.h"

namespace xlimit::cli {
namespace {

using base::Error;
using base::Exit;
using base::Result;

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    if (comma != 0 && !text.empty()) parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// Started with a standard descriptor closed ("<&-"), the first socket or file would become stdin or stdout,
// and be read or written as such. What takes its place can be read, and is empty, but not written: output
// must not be lost.
void fill_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    ::open("/dev/null", O_RDONLY);  // the lowest free number, which is fd
  }
}

// CLI11 reads an absent default file and one that may not be read alike: as an empty one.
Result<void> check_readable(const std::string& path) {
  const base::Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (fd || errno == ENOENT || errno == ENOTDIR) return {};
  return base::os_error("configuration: open '" + path + "'");
}

// "-q,--quiet" as the help shows it: "-q, --quiet".
std::string shown_names(std::string names) {
  if (const std::size_t comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
  return names;
}

}  // namespace

struct Command::Impl {
  std::string name;  // program, or program and verb
  std::string summary;
  std::unique_ptr<CLI::App> owned;
  CLI::App* app = nullptr;
  Impl* root = nullptr;
  Common common;
  HelpPage help;
  std::vector<CLI::Option*> repeatables;
  std::vector<std::string>* positional = nullptr;
  std::vector<std::unique_ptr<Command>> verbs;
  std::vector<std::function<Result<Exit>()>> bodies;  // by verb
  std::string rest_name;
  std::vector<std::string>* rest = nullptr;
  std::vector<std::string> words;  // argv, for telling a wrong option from a wrong configuration file

  bool verb_optional = false;  // there is a body for when none is given

  bool given_on_command_line(const std::string& option) const;
  void parse();
  void allow_several_words();
  const Command* chosen() const;
  std::string help_text() const;
  std::string default_config() const { return "/etc/xlimit/" + name + ".toml"; }
  Result<Exit> parse_and_run(std::function<Result<Exit>()> body);
  Error explain(const CLI::ParseError& error) const;
  Error blame_option(const std::string& why) const;
  Error blame_config(std::string_view key, const std::string& why) const;
};

Command::Command(std::string name, std::string summary) : impl_(std::make_unique<Impl>()) {
  impl_->owned = std::make_unique<CLI::App>(summary, name);
  impl_->app = impl_->owned.get();
  impl_->root = impl_.get();
  impl_->name = std::move(name);
  impl_->summary = std::move(summary);
  impl_->common.node = host_name();
  CLI::App& app = *impl_->app;
  app.set_version_flag("--version", impl_->name + " " + XLIMIT_VERSION);
  app.allow_config_extras(CLI::config_extras_mode::error);
  const std::string config = impl_->default_config();
  app.set_config("--config", config);
  app.add_option("--node", impl_->common.node);
  app.add_flag("-q,--quiet", impl_->common.quiet);
  app.add_flag("-v,--verbose", impl_->common.verbose);
  impl_->help.common = {{"--config FILE", "read options from FILE (TOML) [" + config + "]"},
                        {"--node NAME", "name of this host in events [host name]"},
                        {"-q, --quiet", "no warnings"},
                        {"-v, --verbose", "say more on stderr"},
                        {"-h, --help", "show this help"},
                        {"--version", "show the version"}};
}

Command::Command(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Command::~Command() = default;

const Common& Command::common() const { return impl_->root->common; }

void Command::add_option(const std::string& names, const std::string& label, const std::string& help,
                         const std::string& shown, bool repeatable,
                         std::function<Result<void>(std::string_view)> read) {
  impl_->help.options.push_back(
      {shown_names(names) + " " + label, help + (shown.empty() ? "" : " [" + shown + "]")});
  const std::string long_name = names.substr(names.find("--"));
  CLI::Option* option = impl_->app->add_option(
      names, [read = std::move(read), long_name, repeatable](const CLI::results_t& texts) {
        for (const std::string& text : texts) {
          for (const std::string_view part :
               repeatable ? split_list(text) : std::vector<std::string_view>{text}) {
            if (const Result<void> value = read(part); !value)
              throw CLI::ValidationError(long_name, value.error().text);
          }
        }
        return true;
      });
  option->expected(1)->multi_option_policy(repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                      : CLI::MultiOptionPolicy::TakeLast);
  if (repeatable) impl_->repeatables.push_back(option);
}

void Command::option(const std::string& names, bool& value, const std::string& help) {
  impl_->help.options.push_back({shown_names(names), help});
  impl_->app->add_flag(names, value);
}

void Command::arguments(std::vector<std::string>& values, const std::string& label, const std::string& help,
                        bool required) {
  impl_->positional = &values;
  impl_->help.arguments.push_back({label, help});
  const std::size_t end = label.ends_with("...") ? label.size() - 3 : label.size();
  impl_->help.usage = required ? label : "[" + label.substr(0, end) + "]" + label.substr(end);
  CLI::Option* option = impl_->app->add_option(label, values);
  option->configurable(false);
  if (required) option->required();
}

void Command::rest(const std::string& name, std::vector<std::string>& values, const std::string& label,
                   const std::string& help) {
  impl_->rest_name = name;
  impl_->rest = &values;
  impl_->help.options.push_back({name + " " + label, help});
}

Command& Command::verb(const std::string& name, const std::string& summary,
                       std::function<Result<Exit>()> body) {
  auto impl = std::make_unique<Impl>();
  impl->name = impl_->name + " " + name;
  impl->summary = summary;
  impl->root = impl_->root;
  impl->app = impl_->app->add_subcommand(name, summary);
  impl->app->fallthrough();
  impl_->help.verbs.push_back({name, summary});
  impl_->verbs.push_back(std::unique_ptr<Command>(new Command(std::move(impl))));
  impl_->bodies.push_back(std::move(body));
  return *impl_->verbs.back();
}

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
    if (at != words.end() && at + 1 == words.end()) throw CLI::ArgumentMismatch(rest_name, 1, 0);
    if (at != words.end()) {
      rest->assign(at + 1, words.end());
      reversed.assign(std::make_reverse_iterator(at), words.rend());
    }
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

// By its long name or by a short one.
bool Command::Impl::given_on_command_line(const std::string& option) const {
  const CLI::Option* known = app->get_option_no_throw(option);
  if (const Command* verb = chosen(); known == nullptr && verb != nullptr)
    known = verb->impl_->app->get_option_no_throw(option);
  const std::vector<std::string> letters =
      known != nullptr ? known->get_snames() : std::vector<std::string>{};
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    const auto is_short = [&](const std::string& letter) { return word.rfind('-' + letter, 0) == 0; };
    return word == option || word.rfind(option + "=", 0) == 0 ||
           std::any_of(letters.begin(), letters.end(), is_short);
  });
}

Error Command::Impl::blame_config(std::string_view key, const std::string& why) const {
  const CLI::results_t& given = app->get_config_ptr()->results();
  return {Exit::kConfig, place_of_key(given.empty() ? default_config() : given.back(), key) + ": " + why};
}

// "--option: why": was it the command line's or the file's?
Error Command::Impl::blame_option(const std::string& why) const {
  const std::string option = why.substr(0, why.find(':'));
  const bool from_file = option.rfind("--", 0) == 0 && !given_on_command_line(option);
  return from_file ? blame_config(option.substr(2), why) : Error{Exit::kUsage, why};
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
  if (kind == CLI::ExitCodes::FileError) return {Exit::kConfig, "configuration: " + what};
  if (kind == CLI::ExitCodes::ConfigError) {
    constexpr std::string_view kBefore = "not able to parse ", kSection = ".++";
    std::string key =
        what.substr(std::min(what.find(kBefore), what.size() - kBefore.size()) + kBefore.size());
    if (key.ends_with(kSection)) key.resize(key.size() - kSection.size());
    return blame_config(key, "'" + key + "': no such option");
  }
  if (kind == CLI::ExitCodes::ArgumentMismatch)
    return {Exit::kUsage, what.substr(0, what.find(':')) + ": needs a value"};
  if (kind == CLI::ExitCodes::RequiredError) return {Exit::kUsage, what + "; see '" + name + " --help'"};
  return blame_option(what);
}

Result<Exit> Command::Impl::parse_and_run(std::function<Result<Exit>()> body) {
  Result<void> readable;
  if (!given_on_command_line("--config")) readable = check_readable(default_config());
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
    if (!readable) return base::failed(readable);  // it may say what is missing
    return tl::make_unexpected(explain(error));
  }
  if (!readable) return base::failed(readable);
  for (const std::string& file : app->get_config_ptr()->results()) {
    if (Result<void> checked = check_keys(file); !checked) return base::failed(checked);
  }
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    if (verbs[i].get() == chosen()) body = bodies[i];
  }
  if (!body) return base::fail(Exit::kUsage, "no verb given; see '" + name + " --help'");
  Result<Exit> done = body();
  // A value that the body does not take, among them one of a file.
  const std::string_view why = done ? std::string_view{} : done.error().text;
  const CLI::Option* option = app->get_option_no_throw(std::string{why.substr(0, why.find(':'))});
  if (!done && done.error().code == Exit::kUsage && option != nullptr && option->count() > 0)
    return tl::make_unexpected(blame_option(done.error().text));
  return done;
}

int Command::run(int argc, char** argv, std::function<Result<Exit>()> body) {
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

void Command::warn(const std::string& text) const {
  if (common().quiet) return;
  complain(impl_->root->name, text);
}

}  // namespace xlimit::cli
