// SPDX-License-Identifier: MIT
// What named lists hold, for list and test.
#include "ipban/lists.h"

#include <algorithm>

#include "cli/print.h"
#include "ipban/print.h"

namespace xlimit::ipban {

const char* word(event::Direction direction) { return direction == event::Direction::in ? "in" : "out"; }

base::Result<sets::ListKey> read_list(const Settings& settings, std::size_t most) {
  if (settings.words.size() > most)
    return base::fail(base::Exit::kUsage, "'" + settings.words[most] + "': unexpected argument");
  const sets::ListKey list{settings.words.front(), settings.direction};
  if (base::Result<void> good = sets::check_prefix(settings.set); !good) return base::failed(good);
  if (base::Result<void> good = sets::Names{settings.set}.check_list(list.name); !good)
    return base::failed(good);
  return list;
}

Ended show_list(sets::Backend& backend, const Settings& settings) {
  base::Result<sets::ListKey> list = read_list(settings, 1);
  if (!list) return base::failed(list);
  std::vector<ip::Prefix> prefixes;
  base::Result<bool> there =
      backend.each(*list, [&](const ip::Prefix& prefix) { prefixes.push_back(prefix); });
  if (!there) return base::failed(there);
  if (!*there)
    return base::fail(base::Exit::kNo, "no list '" + list->name + "' of direction " + word(list->direction));
  std::ranges::sort(prefixes, [](const ip::Prefix& a, const ip::Prefix& b) {
    return a.is_v4() != b.is_v4() ? a.is_v4() : a < b;
  });
  const bool json = resolve(settings.format) == Format::json;
  for (const ip::Prefix& prefix : prefixes) {
    if (json)
      cli::print(R"({{"type":"entry","target":"{}","seconds":0,"direction":"{}","list":"{}"}})"
                 "\n",
                 ip::to_string(prefix), word(list->direction), list->name);
    else
      cli::print("{}\n", ip::to_string(prefix));
  }
  return base::Exit::kDone;
}

base::Result<bool> tell_lists(sets::Backend& backend, const ip::Prefix& target) {
  base::Result<std::vector<sets::ListKey>> lists = backend.lists();
  if (!lists) return base::failed(lists);
  bool any = false;
  for (const sets::ListKey& list : *lists) {
    base::Result<std::vector<ip::Prefix>> found = backend.find(list, target);
    if (!found) return base::failed(found);
    for (const ip::Prefix& prefix : *found) {
      any = true;
      const std::string entry = prefix == target ? "" : ip::to_string(prefix) + " ";
      cli::print("{} is banned: {}in list '{}', direction {}\n", ip::to_string(target), entry, list.name,
                 word(list.direction));
    }
  }
  return any;
}

}  // namespace xlimit::ipban
