// SPDX-License-Identifier: MIT
// Counts by kind, with one sample each.
#include "xlog/feed.h"

#include <algorithm>
#include <string>

#include "base/number.h"

namespace xlimit::xlog {
namespace {

// At most `length` bytes, cut between characters.
std::string_view cut(std::string_view text, std::size_t length) {
  if (text.size() <= length) return text;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) --length;
  return text.substr(0, length);
}

}  // namespace

Feed::Feed(std::string file, std::string node, Zone zone)
    : file_(std::move(file)), node_(std::move(node)), reader_(std::move(zone), node_) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(kLastKind); ++i) accounts_[i].kind = word(Kind(i));
  accounts_[0].kind = "truncated";  // the place of Kind::access, which needs no account
  accounts_[kKinds - 1].kind = "lost";
  accounts_[0].in_bytes = accounts_[kKinds - 1].in_bytes = true;
}

void Feed::take_part(std::string_view part, bool first) {
  bytes_ += part.size();
  if (!first) return;
  ++lines_;
  count(Kind::too_long, part);
}

void Feed::count(Kind kind, std::string_view line) {
  Account& account = accounts_[static_cast<std::size_t>(kind)];
  if (kind == Kind::masked) ++masked_;
  if (!account.open || account.sample.empty()) account.sample = cut(line, kSample);
  account.open = true;
  ++account.amount;
}

// A panel that asks the core's API comes from loopback too, but is no user.
void Feed::look_at_source(const event::Access& access) {
  if (!access.ip->is_loopback()) {
    seen_client_ = true;
  } else if (!access.user.empty()) {
    ++local_;
  }
}

std::string_view Feed::trouble() {
  constexpr std::uint64_t kEnough = 100;
  if (told_) return {};
  told_ = true;
  if (masked_ > 0)
    return "the core hides the clients' addresses, nobody can be judged by them: take 'maskAddress' out of "
           "the log section of its configuration";
  if (!seen_client_ && local_ >= kEnough)
    return "all connections come from this host, a proxy stands before the core: let it tell the clients' "
           "addresses (PROXY protocol with 'acceptProxyProtocol', or 'trustedXForwardedFor' behind HTTP)";
  told_ = false;
  return {};
}

void Feed::add(std::string_view kind, std::uint64_t amount) {
  for (Account& account : accounts_) {
    if (account.kind != kind) continue;
    account.open = true;
    account.amount += amount;
  }
}

void Feed::each_kind(
    const std::function<void(std::string_view kind, bool in_bytes, std::uint64_t amount)>& on_kind) const {
  for (const Account& account : accounts_)
    on_kind(account.kind, account.in_bytes, account.reported_amount + account.amount);
}

std::string Feed::note() const {
  std::string note;
  if (const std::optional<base::Time> last = reader_.last())
    note = "newest=" + std::to_string(last->time_since_epoch().count());
  for (const Account& account : accounts_) {
    if (!account.open) continue;
    note.append(note.empty() ? "" : " ")
        .append(account.kind)
        .append("=")
        .append(std::to_string(account.amount));
  }
  return note;
}

void Feed::recall(std::string_view note) {
  while (!note.empty()) {
    const std::string_view word = note.substr(0, note.find(' '));
    note.remove_prefix(std::min(word.size() + 1, note.size()));
    const std::size_t equals = std::min(word.find('='), word.size());
    const base::Result<std::uint64_t> amount =
        base::parse_number<std::uint64_t>(word.substr(std::min(equals + 1, word.size())));
    if (!amount) continue;
    if (word.substr(0, equals) == "newest")
      reader_.set_last(base::Time{std::chrono::microseconds{*amount}});
    else
      add(word.substr(0, equals), *amount);
  }
}

void Feed::report(base::Time now, bool end, const std::function<void(const event::Source&)>& emit) {
  for (Account& account : accounts_) {
    const bool due = end || !account.reported || *account.reported + kPeriod <= now;
    if (!account.open || !due) continue;
    event::Source source;
    source.at = reader_.last().value_or(now);
    source.node = node_;
    source.file = file_;
    source.kind = account.kind;
    (account.in_bytes ? source.bytes : source.lines) = account.amount;
    source.sample = account.sample;
    emit(source);
    account.open = false;
    account.reported_amount += account.amount;
    account.amount = 0;
    account.reported = now;
  }
}

}  // namespace xlimit::xlog
