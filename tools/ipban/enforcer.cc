// SPDX-License-Identifier: MIT
// Joins the judgement that a target may be banned with the banning.
#include "ipban/enforcer.h"

#include "ipban/allowlist.h"
#include "sets/choice.h"

namespace xlimit::ipban {

base::Result<std::unique_ptr<sets::Backend>> open_backend(const Settings& settings, Memory& memory,
                                                          PortsFrom ports) {
  if (base::Result<void> good = sets::check_ports(settings.ports); !good) return base::failed(good);
  base::Result<std::unique_ptr<sets::Backend>> backend = sets::open_backend(
      settings.backend, {.prefix = settings.set, .ports = {settings.ports, settings.ports}});
  if (backend && ports == PortsFrom::memory && settings.ports.empty()) (*backend)->limit_to(memory.ports());
  return backend;
}

Enforcer::Enforcer(const Settings& settings, const cli::Command& command, guard::Guard guard,
                   host::Watcher host)
    : dry_run_(settings.dry_run),
      memory_(settings, command),
      names_(settings.set),
      guard_(std::move(guard)),
      host_(std::move(host)),
      peers_(settings.protect_ports),
      peers_unknown_(command, "look for connections to protected ports"),
      timeout_cut_(command, "ban cut to the longest the kernel takes") {}

base::Result<std::unique_ptr<Enforcer>> Enforcer::open(const Settings& settings,
                                                       const cli::Command& command) {
  if (base::Result<void> good = sets::check_prefix(settings.set); !good) return base::failed(good);
  if (settings.widest4 > 32 || settings.widest6 > 128)
    return base::fail(base::Exit::kUsage, "--widest4 is at most 32, --widest6 at most 128");
  base::Result<std::vector<ip::Prefix>> allow = read_allowlists(settings.allow);
  if (!allow) return base::failed(allow);
  base::Result<host::Watcher> host = host::Watcher::open();
  if (!host) return base::failed(host);
  guard::Guard guard{{.allow = std::move(*allow), .widest4 = settings.widest4, .widest6 = settings.widest6}};
  std::unique_ptr<Enforcer> enforcer{new Enforcer{settings, command, std::move(guard), std::move(*host)}};
  if (base::Result<void> read = enforcer->host_changed(); !read) return base::failed(read);
  if (settings.dry_run) return enforcer;
  base::Result<std::unique_ptr<sets::Backend>> backend = open_backend(settings, enforcer->memory_);
  if (!backend) return base::failed(backend);
  enforcer->backend_ = std::move(*backend);
  enforcer->bans_.emplace(*enforcer->backend_);
  return enforcer;
}

base::Result<void> Enforcer::host_changed() {
  base::Result<host::Facts> facts = host_.read();
  if (!facts) return base::failed(facts);
  guard_.protect_host(facts->own, facts->gateways);
  return {};
}

// Why nobody can be banned now, if so: the operator named ports, and who is connected to them can't be told.
std::optional<std::string> Enforcer::look_at_peers() {
  base::Result<std::vector<ip::Address>> peers = peers_.look();
  if (peers) {
    guard_.protect_peers(*peers);
    return {};
  }
  peers_unknown_.add(peers.error().text);
  if (!peers_.asked_for()) return {};
  return "who is connected to the protected ports is unknown";
}

std::vector<std::size_t> Enforcer::judge(std::span<const sets::Order> orders,
                                         std::span<sets::Verdict> verdicts) {
  const std::optional<std::string> blind = look_at_peers();
  std::vector<std::size_t> allowed;
  allowed.reserve(orders.size());
  for (std::size_t i = 0; i < orders.size(); ++i) {
    std::optional<std::string> why = guard_.refusal(orders[i].entry.target);
    if (!why) why = blind;
    if (why)
      verdicts[i].why = std::move(*why);
    else
      allowed.push_back(i);
  }
  return allowed;
}

void Enforcer::cut_timeout(sets::Order& order) {
  const std::chrono::seconds longest = backend_ ? backend_->longest_timeout() : sets::kLongestTimeout;
  if (order.entry.timeout <= longest) return;
  timeout_cut_.add(ip::to_string(order.entry.target));
  order.entry.timeout = longest;
}

base::Result<void> Enforcer::ban(std::span<sets::Order> orders, std::span<sets::Verdict> verdicts) {
  for (sets::Order& order : orders) cut_timeout(order);
  const std::vector<std::size_t> allowed = judge(orders, verdicts);
  if (dry_run_ || allowed.empty()) return {};
  if (allowed.size() == orders.size()) return bans_->ban(orders, verdicts);
  std::vector<sets::Order> some;
  some.reserve(allowed.size());
  for (const std::size_t index : allowed) some.push_back(orders[index]);
  std::vector<sets::Verdict> answers(some.size());
  base::Result<void> asked = bans_->ban(some, answers);
  for (std::size_t i = 0; i < allowed.size(); ++i) verdicts[allowed[i]] = std::move(answers[i]);
  return asked;
}

base::Result<void> Enforcer::unban(std::span<const sets::Order> orders, std::span<sets::Verdict> verdicts) {
  if (dry_run_) return {};
  return bans_->unban(orders, verdicts);
}

}  // namespace xlimit::ipban
