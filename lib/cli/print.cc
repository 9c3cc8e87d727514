// SPDX-License-Identifier: MIT
// fmt::print() would throw when a stream can not be written.
#include "cli/print.h"

#include <cerrno>
#include <cstdio>

namespace xlimit::cli {
namespace {

// Of the first failure: by the time of the last flush stdio has forgotten it.
int& first_error() {
  static int number = 0;
  return number;
}

void remember(bool written) {
  if (!written && first_error() == 0) first_error() = errno;
}

}  // namespace

void write_out(std::string_view text) {
  remember(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

base::Result<void> finish_printing() {
  remember(std::fflush(stdout) == 0);
  if (first_error() == 0 || first_error() == EPIPE) return {};
  base::Error error = base::make_os_error("write to stdout", first_error());
  error.code = base::Exit::kIo;
  return tl::make_unexpected(std::move(error));
}

void complain(std::string_view program, std::string_view text) {
  const std::string line = fmt::format("{}: {}\n", program, text);
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

}  // namespace xlimit::cli
