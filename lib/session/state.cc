// SPDX-License-Identifier: MIT
// The detector's memory as lines: a line a user, one for each of his places behind it, then bans and
// gateways, and a last one that proves that the text is whole.
#include "event/writer.h"
#include "session/detector.h"

namespace xlimit::session {
namespace {

using base::Exit;
using base::Result;
using Write = std::function<void(std::string_view)>;

constexpr std::size_t kMostText = event::kMaxUser;

using Seen = decltype(Bursts::Burst::seen);
constexpr std::size_t kHexLength = Seen{}.size() / 4;

std::string hex(const Seen& seen) {
  std::string text;
  for (std::size_t bit = 0; bit < seen.size(); bit += 4)
    text += "0123456789abcdef"[seen[bit] | seen[bit + 1] << 1 | seen[bit + 2] << 2 | seen[bit + 3] << 3];
  return text;
}

bool read_hex(std::string_view text, Seen& seen) {
  if (text.size() != kHexLength) return false;
  for (std::size_t digit = 0; digit < kHexLength; ++digit) {
    const std::size_t value = std::string_view{"0123456789abcdef"}.find(text[digit]);
    if (value == std::string_view::npos) return false;
    for (std::size_t bit = 0; bit < 4; ++bit) seen[4 * digit + bit] = (value >> bit & 1) != 0;
  }
  return true;
}

}  // namespace

void Detector::save(const Write& write) const {
  for (Index user = table_.idlest_user(); user != kNone; user = table_.next_user(user))
    save_user(user, write);
  event::Line line;
  history_.each([&](const ip::Prefix& target, const History::Past& past) {
    event::Writer writer{line, "banned", past.at};
    writer.prefix(",\"target\":", target);
    writer.number(",\"seconds\":", past.duration.count());
    write(writer.finish());
  });
  for (const auto& [target, told] : shared_told_) {
    event::Writer writer{line, "shared", told};
    writer.prefix(",\"target\":", target);
    write(writer.finish());
  }
  bursts_.each([&](std::uint64_t place, const Bursts::Burst& burst) {
    event::Writer writer{line, "burst", burst.since};
    writer.number(",\"place\":", place);
    writer.number(",\"hosts\":", burst.hosts);
    writer.text(",\"seen\":", hex(burst.seen), kHexLength);
    write(writer.finish());
  });
  write(event::Writer{line, "end", Time{}}.finish());
}

void Detector::restore_burst(event::Object& line) {
  Bursts::Burst burst;
  burst.since = line.time("time");
  const std::uint64_t place = line.number("place", UINT64_MAX).value_or(0);
  burst.hosts = static_cast<std::uint32_t>(line.number("hosts", kMostHosts).value_or(0));
  if (!read_hex(line.text("seen"), burst.seen)) line.blame("seen", "is not as long as it must be");
  if (line.wrong().empty()) bursts_.remember(place, burst);
}

void Detector::save_user(Index user, const Write& write) const {
  event::Line line;
  event::Writer writer{line, "user", table_.newest(user)};
  writer.text(",\"user\":", table_.name(user), kMostText);
  if (const auto found = streaks_.find(user); found != streaks_.end()) {
    const Streak& streak = found->second;
    writer.number(",\"count\":", streak.count);
    writer.time(",\"last\":", streak.last);
    writer.time(",\"told_at\":", streak.told_at);
    writer.number(",\"told\":", streak.told);
  }
  write(writer.finish());
  for (Index index = table_.places(user); index != kNone; index = table_.place(index).next_of_user) {
    const Place& place = table_.place(index);
    const ip::Address& ip = place.address;
    event::Writer at{line, "place", place.last};
    at.address(",\"ip\":", ip);
    at.time(",\"first\":", place.first);
    at.number(",\"confirmed\":", place.confirmed ? 1 : 0);
    if (const auto last_seen = place.trail.address(target_of(index))) at.address(",\"address\":", *last_seen);
    at.ports(place.trail.ports(ip.is_v4()));
    write(at.finish());
  }
}

void Detector::restore_user(event::Object& line, Index& user) {
  const Time newest = line.time("time");
  const std::string_view name = line.user();
  if (name.empty()) line.blame("user", "is missing");
  Streak streak;
  streak.count = static_cast<std::uint32_t>(line.number("count", UINT32_MAX).value_or(0));
  if (streak.count > 0 || !line.text("last").empty()) {
    streak.last = line.time("last");
    streak.told_at = line.time("told_at");
    streak.told = line.number("told", UINT64_MAX).value_or(0);
  }
  if (!line.wrong().empty()) return;
  user = table_.touch_user(name);
  table_.set_newest(user, newest);
  if (streak.last != Time{} || streak.told != 0) streaks_[user] = streak;
}

void Detector::restore_place(event::Object& line, Index user) {
  const Time last = line.time("time");
  const std::optional<ip::Address> ip = line.address("ip");
  if (!ip || user == kNone) line.blame("ip", "is missing, or nobody's");
  const Time first = line.time("first");
  const bool confirmed = line.number("confirmed", 1).value_or(0) == 1;
  const std::optional<ip::Address> last_seen = line.address("address");
  const std::vector<std::uint16_t> ports = line.ports();
  if (!line.wrong().empty()) return;
  Place& place = table_.place(table_.add_place(user, *ip, first));
  place.last = last;
  place.confirmed = confirmed;
  place.tag = group_of(*ip).tag();
  for (auto port = ports.rbegin(); port != ports.rend(); ++port)
    place.trail.note(last_seen.value_or(*ip), *port);
}

Result<void> Detector::restore(std::string_view text) {
  event::Object line;
  std::string padded;
  Index user = kNone;
  bool ended = false;
  for (std::size_t number = 1; !text.empty() && !ended; ++number) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    padded.assign(text.substr(0, size));
    padded.resize(size + event::kPadding);
    text.remove_prefix(std::min(size + 1, text.size()));
    line.open({padded.data(), size});
    const std::string_view type = line.text("type");
    if (type == "user")
      restore_user(line, user);
    else if (type == "place")
      restore_place(line, user);
    else if (type == "banned")
      history_.remember(
          line.prefix("target"),
          {line.time("time"), std::chrono::seconds{line.number("seconds", UINT32_MAX).value_or(0)}});
    else if (type == "shared")
      shared_told_[line.prefix("target")] = line.time("time");
    else if (type == "burst")
      restore_burst(line);
    else if (type == "end")
      ended = true;
    else
      line.blame("type", "is not one of a state file");
    if (!line.close()) return base::fail(Exit::kData, "line " + std::to_string(number) + ": " + line.wrong());
  }
  if (!ended) return base::fail(Exit::kData, "its end is missing");
  return {};
}

}  // namespace xlimit::session
