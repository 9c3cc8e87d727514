// SPDX-License-Identifier: MIT
// Any text as a filter: no crash, a complaint that is one line, and a program that the kernel could be given.
#include <linux/inet_diag.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sockets/bytecode.h"
#include "sockets/parse.h"

namespace {

using namespace xlimit;

// Jumps go forward, over whole operations, at most 4 bytes behind the end.
void check_program(const std::vector<std::byte>& program) {
  for (std::size_t at = 0; at < program.size();) {
    inet_diag_bc_op op;
    if (program.size() - at < sizeof op) std::abort();
    std::memcpy(&op, program.data() + at, sizeof op);
    if (op.yes < sizeof op || op.no < sizeof op || at + op.yes > program.size()) std::abort();
    if (op.no % 4 != 0 || at + op.no > program.size() + 4) std::abort();
    at += op.yes;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const base::Result<sockets::Filter> filter =
      sockets::parse_filter({reinterpret_cast<const char*>(data), size});
  if (!filter) {
    if (filter.error().code != base::Exit::kUsage || filter.error().text.empty()) std::abort();
    return 0;
  }
  check_program(compile(*filter));
  sockets::Connection connection;
  connection.state = sockets::State::established;
  const bool matched = filter->matches(connection);
  if (matched != filter->pushed_down().matches(connection)) std::abort();
  if (matched && (filter->states() & sockets::bit(connection.state)) == 0) std::abort();
  return 0;
}
