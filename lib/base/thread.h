// SPDX-License-Identifier: MIT
// A thread beside the one that has the loop.
#pragma once

#include <functional>
#include <thread>

#include "base/result.h"

namespace xlimit::base {

// Runs `body` with all signals blocked, as they are for the loop. Fails with kSystem without a thread.
Result<std::thread> start_thread(std::function<void()> body);

}  // namespace xlimit::base
