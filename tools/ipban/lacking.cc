// SPDX-License-Identifier: MIT
// Lists that were kept, and that the kernel has lost.
#include "ipban/lacking.h"

#include "ipban/spared.h"

namespace xlimit::ipban {

base::Result<journal::KeptFamilies> Lacking::look(const journal::KeptList& list,
                                                  const sets::ListState& state) {
  if (!memory_.place()) return journal::KeptFamilies{};
  const journal::KeptFamilies kept = journal::kept_families(*memory_.place(), list);
  const auto& [v4, v6] = state.families;
  const journal::KeptFamilies lost{.v4 = kept.v4 && v4.entries == 0, .v6 = kept.v6 && v6.entries == 0};
  if (!lost.v4 && !lost.v6) return lost;
  base::Result<std::vector<ip::Prefix>> prefixes = journal::read_list(*memory_.place(), list);
  // Why it can't be read is for restore to say.
  if (!prefixes) return lost;
  if (!spared_) {
    base::Result<ip::Ranges> spared = read_spared(settings_, command_);
    if (!spared) return base::failed(spared);
    spared_ = std::move(*spared);
  }
  journal::KeptFamilies left;
  without(*prefixes, *spared_).each_prefix([&](const ip::Prefix& prefix) {
    (prefix.is_v4() ? left.v4 : left.v6) = true;
  });
  return journal::KeptFamilies{.v4 = lost.v4 && left.v4, .v6 = lost.v6 && left.v6};
}

}  // namespace xlimit::ipban
