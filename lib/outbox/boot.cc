// SPDX-License-Identifier: MIT
#include "outbox/boot.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/fd.h"

namespace xlimit::outbox {
namespace {

constexpr std::int64_t kApart = 3;

std::int64_t seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec;
}

}  // namespace

Boot this_boot() {
  Boot boot;
  const base::Fd fd{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  if (fd && ::read(fd.get(), boot.id.data(), boot.id.size() - 1) <= 0) boot.id = {};
  boot.seconds = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
  return boot;
}

bool is_this_boot(const Boot& boot) {
  const Boot now = this_boot();
  if (boot.id[0] != '\0' && now.id[0] != '\0') return boot.id == now.id;
  return std::abs(boot.seconds - now.seconds) <= kApart;
}

}  // namespace xlimit::outbox
