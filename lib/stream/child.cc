// SPDX-License-Identifier: MIT
// The one file that includes Boost.Process, which takes seconds to compile.
#include "stream/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>
#include <boost/process/posix.hpp>
#include <csignal>
#include <cstdlib>

namespace xlimit::stream {
namespace {

namespace process = boost::process;

constexpr int kExitMs = 200;  // many programs close their stdout a moment before they exit
constexpr int kLastWordsMs = 1000;

// In the child: signals as a program expects to find them, and an end with its parent's.
struct Prepare : process::extend::handler {
  template <class Executor>
  void on_exec_setup(Executor&) const {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  }
};

// As a shell would find it; empty when there is none. Boost's own search needs Boost.Filesystem's library.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view left{path != nullptr ? path : "/usr/bin:/bin"};
  while (!left.empty()) {
    const std::size_t end = std::min(left.find(':'), left.size());
    const std::string candidate = std::string{end == 0 ? "." : left.substr(0, end)} + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return {};
}

// Waits so long for the end of a child of ours, which is left to be reaped.
bool ends_within(pid_t id, int milliseconds) {
  const base::Fd process{static_cast<int>(::syscall(SYS_pidfd_open, id, 0))};
  pollfd polled{process.get(), POLLIN, 0};
  return process && ::poll(&polled, 1, milliseconds) > 0;
}

}  // namespace

struct Child::Process {
  process::child child;
};

Child::Child(base::Fd out, std::unique_ptr<Process> running)
    : out_(std::move(out)), process_(std::move(running)) {}
Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;

base::Result<Child> Child::start(const std::vector<std::string>& words) {
  const std::string what = "run '" + words.front() + "'";
  const std::string program = find_program(words.front());
  if (program.empty()) return base::os_error(what, ENOENT);
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return base::os_error("pipe");
  base::Fd out{ends[0]};
  const base::Fd in{ends[1]};
  std::error_code failure;
  process::child child{process::exe = program,
                       process::args = std::vector<std::string>(words.begin() + 1, words.end()),
                       process::std_in < process::null,
                       process::posix::fd.bind(STDOUT_FILENO, in.get()),
                       Prepare{},
                       failure};
  if (failure) return base::os_error(what, failure.value());
  return Child{std::move(out), std::make_unique<Process>(Process{std::move(child)})};
}

Child::~Child() {
  if (process_) make_end(0);
}

// `patience`: milliseconds it has to end by itself.
void Child::make_end(int patience) {
  std::error_code ignored;
  const pid_t id = process_->child.id();
  if (!process_->child.running(ignored)) return;
  if (!ends_within(id, patience)) {
    ::kill(id, SIGTERM);
    if (!ends_within(id, kLastWordsMs)) ::kill(id, SIGKILL);
  }
  process_->child.wait(ignored);
}

std::string Child::end() {
  make_end(kExitMs);
  const int status = process_->child.native_exit_code();
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace xlimit::stream
