// SPDX-License-Identifier: MIT
// The table of options; lists and limits from files.
#include "session-detect/settings.h"

#include <fmt/format.h>

#include <functional>
#include <memory>

#include "asn/database.h"
#include "session/options.h"
#include "stage/metrics_file.h"
#include "stream/file.h"

namespace session_detect {

using base::Exit;
using base::Result;

namespace {

constexpr std::size_t kMostList = 256 * 1024 * 1024;  // bytes of a file of limits or exemptions

// Each of the words; an @FILE stands for those it holds.
Result<void> expand(const std::vector<std::string>& words,
                    const std::function<Result<void>(std::string_view)>& take) {
  for (const std::string& word : words) {
    const bool is_file = word.starts_with('@');
    Result<std::string> text = is_file ? stream::read_file(word.substr(1), kMostList) : word;
    if (!text) return base::failed(text);
    Result<void> taken = is_file ? session::read_words(word.substr(1), *text, take) : take(word);
    if (!taken) return taken;
  }
  return {};
}

Result<void> expand_users(const std::vector<std::string>& words, session::Policy& policy) {
  policy.exempt_users.clear();
  return expand(words, [&](std::string_view user) -> Result<void> {
    if (user.front() == ' ' || user.back() == ' ')
      return base::fail(Exit::kUsage, fmt::format("--exempt-user: '{}' begins or ends with a blank", user));
    policy.exempt_users.emplace_back(user);
    return {};
  });
}

Result<void> expand_nets(const std::vector<std::string>& words, session::Policy& policy) {
  policy.exempt_nets.clear();
  Result<void> taken = expand(words, [&](std::string_view net) -> Result<void> {
    Result<ip::Prefix> prefix = ip::read_prefix(net);
    if (!prefix) return base::failed(prefix);
    policy.exempt_nets.push_back(*prefix);
    return {};
  });
  // Of a word, not of a file of them, which is named already.
  if (!taken && taken.error().code == Exit::kUsage) taken.error().text.insert(0, "--exempt-net: ");
  return taken;
}

Result<void> open_systems(const std::string& path, session::Policy& policy) {
  policy.asn_of = nullptr;  // a policy to compare with may take it back
  if (path.empty()) return {};
  Result<asn::Database> opened = asn::Database::open(path);
  if (!opened) return base::failed(opened);
  const auto database = std::make_shared<asn::Database>(std::move(*opened));
  policy.asn_of = [database](const ip::Address& address) { return database->number(address); };
  return {};
}

Result<void> check_ranges(const session::Policy& policy) {
  const auto wrong = [](std::string_view option, const auto& value, std::string_view range) {
    return base::fail(Exit::kUsage, fmt::format("{}: '{}' is not {}", option, value, range));
  };
  if (policy.group4 == 0 || policy.group4 > 32) return wrong("--group4", policy.group4, "1 to 32");
  if (policy.group6 == 0 || policy.group6 > 128) return wrong("--group6", policy.group6, "1 to 128");
  if (policy.window.count() == 0) return wrong("--window", "0s", "at least 1s");
  if (policy.confirm == 0) return wrong("--confirm", 0, "at least 1");
  if (policy.escalation.factor > 1 && policy.escalation.most < policy.ban_time)
    return wrong("--escalate", session::show_value(policy.escalation), "at least as long as the ban");
  if (policy.shared_limit == 1) return wrong("--shared-limit", 1, "0 or at least 2");
  if (policy.max_users == 0) return wrong("--max-users", 0, "at least 1");
  return {};
}

}  // namespace

void declare(cli::Command& command, Settings& settings) {
  session::Policy& policy = settings.policy;
  using session::Loser, session::Rule;
  command.option("--limit", policy.limit, "N", "places one user may hold; 0 is unlimited");
  command.option("--limits", settings.limits_file, "FILE", "limits of single users; reread when it changes");
  command.option("--window", policy.window, "D", "how long a place counts after its last accepted line");
  command.choice("--rule", policy.rule, {{"strict", Rule::strict}, {"overlap", Rule::overlap}},
                 "a further place is too many at once, or when the older is seen again");
  command.option("--grace", policy.grace, "D", "overlap: also when both last so long");
  command.option("--confirm", policy.confirm, "N", "act on the N-th violation in a row");
  command.option("--ban-time", policy.ban_time, "D", "how long to ban");
  command.option("--cooldown", policy.cooldown, "D", "do not ban again so soon [as long as the ban]");
  command.option("--escalate", policy.escalation, "FACTOR:MAX", "ban for longer who comes back");
  command.choice(
      "--loser", policy.loser,
      {{"newest", Loser::newest}, {"oldest", Loser::oldest}, {"all", Loser::all}, {"none", Loser::none}},
      "whose place goes, by when it became active");
  command.option("--group4", policy.group4, "BITS", "IPv4 prefix that is one place");
  command.option("--group6", policy.group6, "BITS", "IPv6 prefix that is one place, and is banned");
  command.option("--asn", settings.asn_file, "FILE",
                 "addresses of one autonomous system are one place (MMDB)");
  command.option("--exempt-user", settings.exempt_users, "LIST|@FILE", "users never counted, never banned");
  command.option("--exempt-net", settings.exempt_nets, "LIST|@FILE", "prefixes never counted, never banned");
  command.option("--shared-limit", policy.shared_limit, "N", "users on one address that make it a gateway");
  command.choice<std::optional<bool>>("--verify", settings.verify, {{"sockets", true}, {"none", false}},
                                      "count only places that hold a connection here, or believe the log "
                                      "[sockets; with --explain none, with --compare always none]");
  command.option("--torrent-tag", policy.torrent_tags, "TAG", "ban who is routed to this outbound");
  command.option("--torrent-rate", policy.torrent_rate, "N/D",
                 "ban who connects to more than N hosts by address within D");
  command.option("--max-age", settings.max_age, "D", "live use: an older event judges nobody; 0s is any age");
  command.option("--state", settings.state_file, "FILE", "remember across restarts");
  command.option("--max-users", policy.max_users, "N", "beyond it the user idle longest is forgotten");
  command.choice("--pass", settings.pass_access, {{"access", true}, {"none", false}},
                 "pass access events on");
  command.option("--explain", settings.explain, "USER", "print this user's time line instead of events");
  command.option("--compare", settings.compare, "POLICY.toml",
                 "print who would be banned by only one of two policies");
  for (const char* name : {"--explain", "--compare"}) command.keep_to_line(name);
  stage::offer_metrics(command, settings.metrics_file);
  command.option("--dry-run", policy.dry_run, "report, do not ban");
}

Result<session::Limits> read_limits(const std::string& path) {
  if (path.empty()) return session::Limits{};
  Result<std::string> text = stream::read_file(path, kMostList);
  if (!text) return base::failed(text);
  Result<session::Limits> limits = session::Limits::parse(*text);
  if (!limits) return base::fail(limits.error().code, fmt::format("'{}': {}", path, limits.error().text));
  return limits;
}

Result<void> complete(Settings& settings, const Settings& known) {
  session::Policy& policy = settings.policy;
  Result<void> done = check_ranges(policy);
  if (done && settings.exempt_users != known.exempt_users) done = expand_users(settings.exempt_users, policy);
  if (done && settings.exempt_nets != known.exempt_nets) done = expand_nets(settings.exempt_nets, policy);
  if (done && settings.asn_file != known.asn_file) done = open_systems(settings.asn_file, policy);
  return done;
}

}  // namespace session_detect
