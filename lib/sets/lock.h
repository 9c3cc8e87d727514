// SPDX-License-Identifier: MIT
// Keeps several ipban processes of one network namespace from extending the same ban at once, or one from
// putting back what another takes away. Not to be taken twice by one thread.
#pragma once

#include "base/fd.h"

namespace xlimit::sets {

// Held until it is destroyed. Waits at most a tenth of a second: the lock is advisory, anybody may take it,
// and a stranger who never lets go must not keep bans from happening.
class Lock {
 public:
  Lock();

 private:
  base::Fd fd_;
};

}  // namespace xlimit::sets
