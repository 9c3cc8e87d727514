// SPDX-License-Identifier: MIT
// Another program whose output is read. It is run as it is given, never through a shell.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace xlimit::stream {

class Child {
 public:
  // `words` is the program, looked up in PATH, and its arguments. Its stdin is empty, its stderr ours; it is
  // ended when we are. Fails with kUnavailable when there is no such program.
  static base::Result<Child> start(const std::vector<std::string>& words);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();  // ends it like that

  // Its stdout.
  int fd() const { return out_.get(); }
  // How it ended: "exit code 1", "signal 15". When it closed its stdout and lives on, it is asked to end,
  // given a second, and ended.
  std::string end();

 private:
  struct Process;
  void make_end(int patience);
  Child(base::Fd out, std::unique_ptr<Process> process);
  base::Fd out_;
  std::unique_ptr<Process> process_;
};

}  // namespace xlimit::stream
