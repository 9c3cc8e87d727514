// SPDX-License-Identifier: MIT
// What `apply` does with events: gathering them.
#include "ipban/batch.h"

#include <cstring>

namespace xlimit::ipban {
namespace {

// A batch ends here even when more input waits, so that memory stays bounded and the first ban of a flood is
// not held up by the last.
constexpr std::size_t kMostItems = 4096;
constexpr std::size_t kMostBytes = std::size_t{1024} * 1024;

}  // namespace

Batch::Batch(Enforcer& enforcer, const Settings& settings, const cli::Command& command)
    : enforcer_(enforcer),
      dry_run_(settings.dry_run),
      command_(command),
      arena_(first_.data(), first_.size()),
      failed_(command, "a ban failed") {}

std::string_view Batch::keep(std::string_view text) {
  if (text.empty()) return {};
  kept_ += text.size();
  char* place = static_cast<char*>(arena_.allocate(text.size(), 1));
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

base::Result<bool> Batch::take(const event::Event& event, const stream::Piece& line, stream::Output& out) {
  base::Result<void> added;
  if (const auto* ban = std::get_if<event::Ban>(&event)) {
    added = add(Kind::ban, *ban, line, out);
  } else if (const auto* unban = std::get_if<event::Unban>(&event)) {
    event::Ban same;
    same.at = unban->at;
    same.node = unban->node;
    same.id = unban->id;
    same.origin = unban->origin;
    same.target = unban->target;
    same.direction = unban->direction;
    added = add(Kind::unban, same, line, out);
  } else {
    return false;
  }
  if (!added) return base::failed(added);
  return true;
}

base::Result<void> Batch::pass(const stream::Piece& line, stream::Output& out) {
  return items_.empty() ? stream::pass(line, out) : add(Kind::text, {}, line, out);
}

base::Result<void> Batch::add(Kind kind, event::Ban ban, const stream::Piece& line, stream::Output& out) {
  for (std::string_view* text : {&ban.node, &ban.id, &ban.origin, &ban.rule, &ban.user, &ban.reason})
    *text = keep(*text);
  items_.push_back({.kind = kind, .last = line.last, .line = keep(line.text), .ban = std::move(ban)});
  if (items_.size() < kMostItems && kept_ < kMostBytes) return {};
  return act(out);
}

base::Result<void> Batch::act(stream::Output& out) {
  const std::span<const Item> all{items_};
  base::Result<void> done;
  for (std::size_t begin = 0, end = 0; begin < all.size() && done; begin = end) {
    while (end < all.size() && all[end].kind == all[begin].kind) ++end;
    done = carry_out(all.subspan(begin, end - begin), out);
  }
  items_.clear();
  arena_.release();
  kept_ = 0;
  if (done && enforcer_.memory().gathered() >= kMostBytes) return remember(out);
  return done;
}

base::Result<void> Batch::remember(stream::Output& out) {
  base::Result<void> flushed = out.flush();
  enforcer_.memory().write(std::chrono::milliseconds{0});
  return flushed;
}

}  // namespace xlimit::ipban
