// SPDX-License-Identifier: MIT
// What `ipban save` has written, read back.
#include "ipban/saved.h"

#include "sets/admin.h"
#include "stream/lines.h"

namespace xlimit::ipban {
namespace {

constexpr std::size_t kMostLists = 1024;
// Of all lists together.
constexpr std::uint64_t kMostTargets = std::uint64_t{8} * sets::kMaxEntries;

class Reader {
 public:
  explicit Reader(base::Time now) : now_(now) {}

  void take(const stream::Piece& piece) {
    if (piece.text.empty() && piece.whole()) return;
    if (!piece.whole()) {
      if (piece.last) blame("it is too long");
      return;
    }
    const event::Event event = decoder_.decode(piece.text);
    if (const auto* malformed = std::get_if<event::Malformed>(&event)) return blame(malformed->why);
    saved.any = true;
    if (const auto* list = std::get_if<event::List>(&event))
      add(*list);
    else
      saved.bans.take(piece.text, now_);
  }
  // Whatever it is, nobody has saved it.
  bool is_foreign() const { return saved.broken > 0 && !saved.any; }
  bool is_full() const { return saved.lists.size() > kMostLists || targets_ > kMostTargets; }

  Saved saved;

 private:
  void blame(const std::string& why) {
    if (saved.broken++ == 0) saved.sample = why;
  }
  void add(const event::List& list) {
    if (is_full()) return;
    ip::Ranges& ranges = saved.lists[{std::string{list.list}, list.direction}];
    for (const ip::Prefix& target : list.targets) ranges.add(target);
    targets_ += list.targets.size();
  }

  base::Time now_;
  event::Decoder decoder_;
  std::uint64_t targets_ = 0;
};

}  // namespace

base::Result<Saved> read_saved(int fd, const std::string& name, base::Time now) {
  Reader reader{now};
  stream::Lines lines{stream::Lines::AtEnd::finish, name};
  for (;;) {
    base::Result<stream::ReadState> state =
        lines.read(fd, [&](const stream::Piece& piece) { reader.take(piece); });
    if (!state) return base::failed(state);
    if (*state == stream::ReadState::ended) break;
  }
  if (reader.is_foreign())
    return base::fail(base::Exit::kData,
                      "read '" + name + "': no line is an event, the first because " + reader.saved.sample);
  if (reader.is_full())
    return base::fail(base::Exit::kData, "read '" + name + "': more lists than can be held");
  for (auto& [list, ranges] : reader.saved.lists) {
    reader.saved.too_wide += ranges.erase_wider();
    ranges.unite();
  }
  std::erase_if(reader.saved.lists, [](const auto& one) { return one.second.empty(); });
  return std::move(reader.saved);
}

}  // namespace xlimit::ipban
