// SPDX-License-Identifier: MIT
// Options, arguments and verbs, declared to CLI11, to the help and to the configuration file.
#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cassert>

#include "cli/impl.h"
#include "cli/print.h"

namespace xlimit::cli {
namespace {

using base::Exit;
using base::Result;

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

// "-q,--quiet" as the help shows it: "-q, --quiet".
std::string shown_names(std::string names) {
  if (const std::size_t comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
  return names;
}

}  // namespace

Command::Command(std::string name, std::string summary) : impl_(std::make_unique<Impl>()) {
  impl_->owned = std::make_unique<CLI::App>(summary, name);
  impl_->app = impl_->owned.get();
  impl_->root = impl_.get();
  impl_->name = std::move(name);
  impl_->summary = std::move(summary);
  impl_->common.node = host_name();
  CLI::App& app = *impl_->app;
  app.set_version_flag("--version", impl_->name + " " + XLIMIT_VERSION);
  const CLI::Validator filled{
      [](const std::string& text) { return std::string{text.empty() ? Impl::kNoValue : ""}; }, ""};
  app.add_option("--config", impl_->config)->check(filled);
  impl_->add_key(app.add_option("--node", impl_->common.node)->check(filled),
                 [node = &impl_->common.node](std::string_view text) -> Result<void> {
                   if (text.empty()) return base::fail(Exit::kUsage, "an empty text is no name");
                   return read_value(text, *node);
                 });
  impl_->add_flag("-q,--quiet", impl_->common.quiet);
  impl_->add_flag("-v,--verbose", impl_->common.verbose);
  impl_->help.common = {{"--config FILE", "read options from FILE (TOML) [" + impl_->default_config() + "]"},
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
                         const std::string& shown, std::function<Result<void>(std::string_view)> read,
                         std::function<void()> clear) {
  const bool is_list = clear != nullptr;
  impl_->help.options.push_back(
      {shown_names(names) + " " + label, help + (shown.empty() ? "" : " [" + shown + "]")});
  const std::string long_name = names.substr(names.find("--"));
  const auto read_all = [read, long_name, is_list, clear](const CLI::results_t& texts) {
    if (is_list) clear();
    for (const std::string& text : texts) {
      if (!is_list && text.empty()) throw CLI::ValidationError(long_name, Impl::kNoValue);
      for (const std::string_view part : is_list ? split_list(text) : std::vector<std::string_view>{text}) {
        if (const Result<void> value = read(part); !value)
          throw CLI::ValidationError(long_name, value.error().text);
      }
    }
    return true;
  };
  CLI::Option* option = impl_->app->add_option(names, read_all);
  option->expected(1)->multi_option_policy(is_list ? CLI::MultiOptionPolicy::TakeAll
                                                   : CLI::MultiOptionPolicy::TakeLast);
  if (is_list) impl_->repeatables.push_back(option);
  impl_->add_key(option, std::move(read), std::move(clear));
}

void Command::option(const std::string& names, bool& value, const std::string& help) {
  impl_->help.options.push_back({shown_names(names), help});
  impl_->add_flag(names, value);
}

void Command::Impl::add_flag(const std::string& names, bool& value) {
  add_key(app->add_flag(names, value), [&value](std::string_view text) -> Result<void> {
    if (text != "true" && text != "false")
      return base::fail(Exit::kUsage, fmt::format("'{}' is neither true nor false", text));
    value = text == "true";
    return {};
  });
}

void Command::Impl::add_key(const CLI::Option* option, std::function<Result<void>(std::string_view)> read,
                            std::function<void()> clear) {
  keys[option->get_lnames().front()] = {
      .read = std::move(read), .clear = std::move(clear), .given = [option] { return option->count() > 0; }};
}

void Command::keep_to_line(std::string_view name) {
  const auto key = impl_->keys.find(name.substr(2));
  assert(key != impl_->keys.end());
  key->second.line_only = true;
}

void Command::arguments(std::vector<std::string>& values, const std::string& label, const std::string& help,
                        bool required) {
  impl_->positional = &values;
  impl_->help.arguments.push_back({label, help});
  const std::size_t end = label.ends_with("...") ? label.size() - 3 : label.size();
  impl_->help.usage = required ? label : "[" + label.substr(0, end) + "]" + label.substr(end);
  CLI::Option* option = impl_->app->add_option(label, values);
  if (required) option->required();
}

void Command::rest(const std::string& name, std::vector<std::string>& values, const std::string& label,
                   const std::string& help) {
  impl_->rest_name = name;
  impl_->rest = &values;
  impl_->help.options.push_back({name + " " + label, help});
}

Command& Command::verb(const std::string& name, const std::string& summary, Body body) {
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

void Command::warn(const std::string& text) const {
  if (common().quiet) return;
  complain(impl_->root->name, text);
}

}  // namespace xlimit::cli
