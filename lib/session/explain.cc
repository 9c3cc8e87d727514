// SPDX-License-Identifier: MIT
// Compares what the user held before a line with what he holds after it.
#include "session/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/number.h"

namespace xlimit::session {
namespace {

using Held = Detector::Held;

std::string stamp(Time at) {
  char text[base::kTimeLength];
  return {text, base::format_time(at, text)};
}

// The same place, without a break in between.
bool holds(const std::vector<Held>& places, const Held& place) {
  return std::any_of(places.begin(), places.end(), [&](const Held& held) {
    return held.group == place.group && held.first == place.first;
  });
}

std::string describe(const std::vector<Held>& places, std::uint32_t limit) {
  std::size_t count = 0;
  std::string counted, gateways;
  for (const Held& held : places) {
    std::string& names = held.gateway ? gateways : counted;
    names += (names.empty() ? "" : ", ") + held.name;
    count += held.gateway ? 0 : 1;
  }
  const std::string most = limit > 0 ? fmt::format(" of {}", limit) : "";
  std::string text = fmt::format("holds {}{}{}{}", count, most, counted.empty() ? "" : ": ", counted);
  if (!gateways.empty()) text += "; not counted, a gateway: " + gateways;
  return text;
}

// Why a place is no longer held.
std::string parting(const Held& held, Time now) {
  if (is_ahead(held.last, now)) return "is forgotten: the clock was set back";
  if (held.until > now) return "is forgotten, for want of room or because others are far ahead in time";
  return "has left: nothing since " + stamp(held.last);
}

std::string decision(const Verdict& verdict) {
  std::string text = fmt::format("    {}: {}: {}\n", verdict.rule, word(verdict.action), verdict.why);
  for (const Target& target : verdict.targets)
    text += fmt::format("    ban {} {}\n", ip::to_string(target.prefix), for_how_long(target.duration));
  return text;
}

}  // namespace

bool Explainer::is_banned(const std::vector<Verdict>& verdicts, const Group& place) const {
  return std::any_of(verdicts.begin(), verdicts.end(), [&](const Verdict& verdict) {
    return std::any_of(verdict.targets.begin(), verdict.targets.end(), [&](const Target& target) {
      return detector_.group_of(target.prefix.address()) == place;
    });
  });
}

std::string Explainer::hear(const event::Access& access) {
  const std::string_view excuse = detector_.excuse(access);
  const std::vector<Verdict> verdicts = detector_.feed(access);
  if (access.user != user_) return {};
  ++lines_;
  const std::string from = access.ip ? ip::to_string(*access.ip) : "?";
  const std::string port = access.port ? fmt::format(" port {}", *access.port) : "";
  std::string text = fmt::format("{}  {}{}: ", stamp(access.at), from, port);
  if (!excuse.empty()) return text + fmt::format("not counted, {}\n", excuse);
  if (const ip::Prefix* net = detector_.exemption(*access.ip))
    return text + fmt::format("not counted, exempt by --exempt-net {}\n", ip::to_string(*net));

  std::vector<Held> now = detector_.held_by(user_);
  const Group group = detector_.group_of(*access.ip);
  const bool at_gateway = std::any_of(now.begin(), now.end(), [&](const Held& held) {
    return held.gateway && held.target.contains(*access.ip);
  });
  const bool known = std::any_of(before_.begin(), before_.end(), [&](const Held& held) {
    const bool by_address = at_gateway || held.gateway;
    const bool same = by_address ? held.target.contains(*access.ip) : held.group == group;
    return same && (holds(now, held) || is_banned(verdicts, group));
  });
  text += known ? "seen again; " : "joins; ";
  text += describe(now, detector_.limit_of(user_)) + "\n";
  for (const Held& held : before_) {
    const bool gone = !holds(now, held) && !held.gateway && !is_banned(verdicts, held.group);
    if (gone) text += fmt::format("    {} {}\n", held.name, parting(held, access.at));
  }
  for (const Verdict& verdict : verdicts) {
    text += decision(verdict);
    ++violations_;
    bans_ += verdict.targets.size();
  }
  before_ = std::move(now);
  return text;
}

std::string Explainer::sum() const {
  return fmt::format("{} lines of '{}': {} violations, {} bans\n", lines_, user_, violations_, bans_);
}

}  // namespace xlimit::session
