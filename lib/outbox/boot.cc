// SPDX-License-Identifier: MIT
#include "outbox/boot.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>

#include "base/clock.h"
#include "base/fd.h"

namespace xlimit::outbox {
namespace {

constexpr std::int64_t kApart = 3;

}  // namespace

Boot this_boot() {
  Boot boot;
  const base::Fd fd{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  if (fd && ::read(fd.get(), boot.id.data(), boot.id.size() - 1) <= 0) boot.id = {};
  boot.seconds =
      std::chrono::floor<std::chrono::seconds>(base::now() - base::since_boot()).time_since_epoch().count();
  return boot;
}

bool is_this_boot(const Boot& boot) {
  const Boot now = this_boot();
  if (boot.id[0] != '\0' && now.id[0] != '\0') return boot.id == now.id;
  return std::abs(boot.seconds - now.seconds) <= kApart;
}

}  // namespace xlimit::outbox
