// SPDX-License-Identifier: MIT
// A thread beside the one that has the loop.
#pragma once

#include <functional>
#include <thread>

#include "base/result.h"

namespace xlimit::base {

// Runs `body` with all signals blocked: they are for the loop. Fails with kSystem when there can be no thread.
Result<std::thread> start_thread(std::function<void()> body);

}  // namespace xlimit::base
