// SPDX-License-Identifier: MIT
// How soon a stage gets onto the processor when a line comes. Linux 6.12 and later let whoever asks for a
// shorter slice than the one that runs go first, for which it gets no more time in the end. Each stage asks
// for less than the one that writes to it: then it takes over at once where both share a processor, and does
// not wait for a turn of some milliseconds where others keep it busy.
#pragma once

#include <chrono>

namespace xlimit::stage {

// In the order in which lines pass them. The kernel takes 100 us to 100 ms.
inline constexpr std::chrono::microseconds kReaderSlice{400};
inline constexpr std::chrono::microseconds kJudgeSlice{300};
inline constexpr std::chrono::microseconds kBanSlice{200};
inline constexpr std::chrono::microseconds kKillSlice{100};

// For the calling thread and the threads and processes it starts from then on; niceness and policy stay, and
// another policy than SCHED_OTHER was somebody's choice. Only a wish: older kernels do not hear it, a sandbox
// may refuse it.
void ask_for_slice(std::chrono::microseconds slice);

}  // namespace xlimit::stage
