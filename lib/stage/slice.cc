// SPDX-License-Identifier: MIT
// sched_setattr(2), which has no wrapper in the C library. Its header and <sched.h>, which most of the
// standard library brings along, both define sched_param.
#include "stage/slice.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace xlimit::stage {
namespace {

// struct sched_attr of include/uapi/linux/sched/types.h, SCHED_ATTR_SIZE_VER0. Times in nanoseconds.
struct Attributes {
  std::uint32_t size = sizeof(Attributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};
static_assert(sizeof(Attributes) == 48);

constexpr std::uint32_t kSchedOther = 0;

}  // namespace

void ask_for_slice(std::chrono::microseconds slice) {
  Attributes attributes;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != kSchedOther) return;
  attributes.runtime = static_cast<std::uint64_t>(std::chrono::nanoseconds{slice}.count());
  static_cast<void>(::syscall(SYS_sched_setattr, 0, &attributes, 0));
}

}  // namespace xlimit::stage
