// SPDX-License-Identifier: MIT
// A batch is gathered and applied when its end has come. Later lines go before earlier ones.
#include "session/restorer.h"

namespace xlimit::session {
namespace {

using base::Exit;
using base::Result;
using std::chrono::seconds;

constexpr std::size_t kMostBatch = 256 * 1024 * 1024;

bool read_hex(std::string_view text, Seen& seen) {
  if (text.size() != kSeenDigits) return false;
  for (std::size_t digit = 0; digit < kSeenDigits; ++digit) {
    const std::size_t value = std::string_view{"0123456789abcdef"}.find(text[digit]);
    if (value == std::string_view::npos) return false;
    for (std::size_t bit = 0; bit < 4; ++bit) seen[4 * digit + bit] = (value >> bit & 1) != 0;
  }
  return true;
}

}  // namespace

Result<void> Restorer::take(std::string_view line) {
  bytes_ += line.size() + 1;
  batch_.append(line).append(1, '\n');
  if (batch_.size() > kMostBatch) return base::fail(Exit::kData, "a batch is too long");
  return line.starts_with(R"({"type":"end",)") ? apply_batch() : Result<void>{};
}

Result<void> Restorer::apply_batch() {
  const std::size_t batch_size = batch_.size();
  batch_.resize(batch_size + event::kPadding);
  for (std::string_view rest{batch_.data(), batch_size}; !rest.empty(); ++lines_) {
    const std::size_t size = rest.find('\n');
    line_.open(rest.substr(0, size));
    rest.remove_prefix(size + 1);
    apply();
    if (!line_.close())
      return base::fail(Exit::kData, "line " + std::to_string(lines_ + 1) + ": " + line_.wrong());
  }
  batch_.clear();
  user_ = kNone;
  good_bytes_ = bytes_;
  return {};
}

void Restorer::apply() {
  const std::string_view type = line_.text("type");
  if (type == "user") return restore_user();
  if (type == "place") return restore_place();
  if (type == "gone") return restore_gone();
  if (type == "banned") return restore_banned();
  if (type == "shared") return restore_shared();
  if (type == "burst") return restore_burst();
  if (type == "end") return restore_end();
  line_.blame("type", "is not one of a state file");
}

void Restorer::restore_end() {
  const base::Time last = line_.time("time");
  const std::optional<std::uint64_t> lines = line_.number("lines", UINT64_MAX);
  const std::vector<base::Time> times = line_.times("times");
  const std::uint64_t evicted = line_.number("evicted", UINT64_MAX).value_or(0);
  const std::uint64_t input = line_.number("input", UINT64_MAX).value_or(0);
  const auto hash = static_cast<std::uint32_t>(line_.number("hash", UINT32_MAX).value_or(0));
  whole_ = line_.number("whole", 1).value_or(0) == 1 || whole_;
  if (!lines) line_.blame("lines", "is missing");
  if (!line_.wrong().empty()) return;
  if (!detector_.watermark_.restore(*lines, last, times))
    return line_.blame("times", "are not as many as \"lines\" tells");
  detector_.evicted_ = detector_.saved_evicted_ = evicted;
  detector_.mark_ = detector_.saved_mark_ = {input, hash};
}

void Restorer::restore_user() {
  const base::Time newest = line_.time("time");
  const base::Time stamp = line_.time("stamp");
  const std::string_view name = line_.user();
  if (name.empty()) line_.blame("user", "is missing");
  const std::uint64_t use = line_.number("use", UINT64_MAX).value_or(0);
  Detector::Streak streak;
  const std::optional<std::uint64_t> count = line_.number("count", UINT32_MAX);
  if (count) {
    streak.count = static_cast<std::uint32_t>(*count);
    streak.last = line_.time("last");
    streak.told_at = line_.time("told_at");
    streak.told = line_.number("told", UINT64_MAX).value_or(0);
  }
  if (!line_.wrong().empty()) return;
  Table& table = detector_.table_;
  user_ = table.restore_user(name, use);
  while (table.places(user_) != kNone) table.remove_place(table.places(user_));
  table.set_times(user_, {newest, stamp});
  detector_.streaks_.erase(user_);
  if (count) detector_.streaks_[user_] = streak;
}

void Restorer::restore_place() {
  const base::Time last = line_.time("time");
  const std::optional<ip::Address> ip = line_.address("ip");
  if (!ip || user_ == kNone) line_.blame("ip", "is missing, or nobody's");
  const std::uint64_t bits = line_.number("bits", 128).value_or(128);
  const base::Time first = line_.time("first");
  const bool confirmed = line_.number("confirmed", 1).value_or(0) == 1;
  const bool exempt = line_.number("exempt", 1).value_or(0) == 1;
  const bool gateway = line_.number("gateway", 1).value_or(0) == 1;
  const std::optional<ip::Address> last_seen = line_.address("address");
  const std::vector<std::uint16_t> ports = line_.ports();
  if (!line_.wrong().empty()) return;
  // Of a prefix that is longer now nobody knows which one it was.
  if (!ip->is_v4() && !last_seen && bits < detector_.policy_.group6) return;
  Table& table = detector_.table_;
  Detector::Origin origin = detector_.find_origin(last_seen.value_or(*ip));
  // A prefix does not tell who of it was seen.
  if (!last_seen && !ip->is_v4()) origin.exempt = exempt;
  const Index known = find_joined(origin, gateway);
  if (known != kNone && table.place(known).last >= last) return;
  if (known != kNone) table.move_place(known, origin.address);
  Place& place = table.place(known != kNone ? known : table.add_place(user_, origin.address, first));
  place.last = last;
  place.confirmed = confirmed;
  place.exempt = origin.exempt;
  place.gateway = gateway;
  place.tag = origin.tag;
  for (auto port = ports.rbegin(); port != ports.rend(); ++port)
    place.trail.note(last_seen.value_or(*ip), *port);
}

// What another grouping or other exemptions held apart is one place by this one's: from the oldest on, where
// it was seen last. Gateways are joined by nothing but their own address.
Index Restorer::find_joined(const Detector::Origin& origin, bool gateway) const {
  const Index known = detector_.find_place(user_, origin);
  const bool same = known != kNone && detector_.table_.place(known).address == origin.address;
  return same || !gateway ? known : kNone;
}

void Restorer::restore_gone() {
  const Index user = detector_.table_.find_user(line_.user());
  if (user != kNone) detector_.forget_user(user);
}

void Restorer::restore_banned() {
  const ip::Prefix target = line_.prefix("target");
  const History::Past past{line_.time("time"), seconds{line_.number("seconds", UINT32_MAX).value_or(0)}};
  const std::uint64_t use = line_.number("use", UINT64_MAX).value_or(0);
  if (line_.wrong().empty()) detector_.history_.table().use(target, use) = past;
}

void Restorer::restore_shared() {
  const ip::Prefix target = line_.prefix("target");
  const base::Time told = line_.time("time");
  const std::uint64_t use = line_.number("use", UINT64_MAX).value_or(0);
  if (line_.wrong().empty()) detector_.shared_told_.use(target, use) = told;
}

// All of a count, or one more host of it. One that came to nothing has no hosts.
void Restorer::restore_burst() {
  const base::Time since = line_.time("time");
  const std::uint64_t place = line_.number("place", UINT64_MAX).value_or(0);
  const std::uint64_t use = line_.number("use", UINT64_MAX).value_or(0);
  const auto hosts = static_cast<std::uint32_t>(line_.number("hosts", kMostHosts).value_or(0));
  const std::optional<std::uint64_t> bit = line_.number("bit", Seen{}.size() - 1);
  Seen seen;
  if (!bit && !read_hex(line_.text("seen"), seen)) line_.blame("seen", "is not as long as it must be");
  if (!line_.wrong().empty()) return;
  Bursts::Table& table = detector_.bursts_.table();
  if (hosts == 0) return table.erase(place);
  Bursts::Burst& burst = table.use(place, use);
  if (bit && burst.since == since) seen = burst.seen;
  if (bit) seen.set(*bit);
  burst = {.since = since, .hosts = hosts, .seen = seen};
}

Result<void> Restorer::finish() {
  if (!whole_) return base::fail(Exit::kData, "its end is missing");
  detector_.table_.order_users();
  detector_.history_.table().sort();
  detector_.history_.table().trim([](const auto&) {});
  detector_.shared_told_.sort();
  detector_.shared_told_.trim([](const auto&) {});
  detector_.bursts_.table().sort();
  detector_.bursts_.table().trim([](const auto&) {});
  return {};
}

}  // namespace xlimit::session
