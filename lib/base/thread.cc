// SPDX-License-Identifier: MIT
// A thread inherits the mask of whoever starts it.
#include "base/thread.h"

#include <csignal>
#include <system_error>

namespace xlimit::base {

Result<std::thread> start_thread(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<std::thread> started;
  try {
    started = std::thread{std::move(body)};
  } catch (const std::system_error& error) {
    started = os_error("start a thread", error.code().value());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

}  // namespace xlimit::base
