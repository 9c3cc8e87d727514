// SPDX-License-Identifier: MIT
// A program is a sequence of operations that jump forward (include/uapi/linux/inet_diag.h): to its end is
// "yes", to 4 bytes behind its end is "no". So a program can be put in front of another, and its "no" then
// falls to the place just behind one jump: that is `or`.
#include "sockets/bytecode.h"

#include <linux/inet_diag.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

namespace xlimit::sockets {
namespace {

using Program = std::vector<std::byte>;
constexpr std::size_t kOp = sizeof(inet_diag_bc_op);

inet_diag_bc_op read_op(const Program& program, std::size_t at) {
  inet_diag_bc_op op;
  std::memcpy(&op, program.data() + at, sizeof op);
  return op;
}

void write_op(Program& program, std::size_t at, unsigned code, std::size_t yes, std::size_t no) {
  const inet_diag_bc_op op{.code = static_cast<std::uint8_t>(code),
                           .yes = static_cast<std::uint8_t>(yes),
                           .no = static_cast<std::uint16_t>(no)};
  std::memcpy(program.data() + at, &op, sizeof op);
}

Program jump(std::size_t distance) {
  Program program(kOp);
  write_op(program, 0, INET_DIAG_BC_JMP, kOp, distance);
  return program;
}

// "No" of a program in front of `more` bytes is moved behind them.
Program reject_behind(Program program, std::size_t more) {
  for (std::size_t at = 0; at < program.size();) {
    const inet_diag_bc_op op = read_op(program, at);
    if (at + op.no == program.size() + kOp) write_op(program, at, op.code, op.yes, op.no + more);
    at += op.yes;
  }
  return program;
}

Program both(Program left, const Program& right) {
  Program program = reject_behind(std::move(left), right.size());
  program.insert(program.end(), right.begin(), right.end());
  return program;
}

Program either(Program left, const Program& right) {
  const Program skip = jump(kOp + right.size());
  left.insert(left.end(), skip.begin(), skip.end());
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// A yes falls onto a jump to "no"; a no lands behind it, which is the end.
Program opposite(Program program) {
  const Program reject = jump(2 * kOp);
  program.insert(program.end(), reject.begin(), reject.end());
  return program;
}

Program host_condition(End end, std::uint8_t family, unsigned length, const std::uint8_t* address, int port) {
  const std::size_t size = kOp + sizeof(inet_diag_hostcond) +
                           (family == AF_INET    ? 4
                            : family == AF_INET6 ? 16
                                                 : 0);
  Program program(size);
  write_op(program, 0, end == End::local ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND, size, size + kOp);
  inet_diag_hostcond condition{};
  condition.family = family;
  condition.prefix_len = static_cast<std::uint8_t>(length);
  condition.port = port;
  std::memcpy(program.data() + kOp, &condition, sizeof condition);
  const std::size_t before = kOp + sizeof condition;
  if (size > before) std::memcpy(program.data() + before, address, size - before);
  return program;
}

Program port_bound(End end, Comparison comparison, std::uint16_t port) {
  const bool local = end == End::local;
  const unsigned at_least = local ? INET_DIAG_BC_S_GE : INET_DIAG_BC_D_GE;
  const unsigned at_most = local ? INET_DIAG_BC_S_LE : INET_DIAG_BC_D_LE;
  Program program(2 * kOp);
  write_op(program, 0, comparison == Comparison::at_least ? at_least : at_most, 2 * kOp, 3 * kOp);
  write_op(program, kOp, INET_DIAG_BC_NOP, 0, port);  // not an operation: the place of the port
  return program;
}

// Absent: lets everything through.
using Compiled = std::optional<Program>;

Compiled translate(const InPrefix& condition) {
  const ip::Prefix& prefix = condition.prefix;
  return host_condition(condition.end, prefix.is_v4() ? AF_INET : AF_INET6, prefix.length(),
                        prefix.address().wire(), -1);
}

Compiled translate(const HasPort& condition) {
  if (condition.comparison != Comparison::equal)
    return port_bound(condition.end, condition.comparison, condition.port);
  return host_condition(condition.end, AF_UNSPEC, 0, nullptr, condition.port);
}

Compiled translate(const InState&) { return {}; }

// To the kernel an IPv4 client of a dual-stack listener is ::ffff:0:0/96, so an IPv6 prefix around that
// matches it there, but not here: harmless, except turned round.
bool is_wider_there(const Filter::Condition& condition) {
  const auto* in = std::get_if<InPrefix>(&condition);
  if (in == nullptr || in->prefix.is_v4()) return false;
  const ip::Address::Bytes mapped = ip::Address::v4(0).bytes(), own = in->prefix.address().bytes();
  for (unsigned i = 0; i < in->prefix.length(); ++i) {
    if (((mapped[i / 8] ^ own[i / 8]) & 0x80U >> i % 8) != 0) return false;
  }
  return true;
}

Compiled translate(const Filter& filter);

Compiled translate_all(const std::vector<Filter>& parts) {
  Compiled program;
  for (const Filter& part : parts) {
    const Compiled next = translate(part);
    if (next) program = program ? both(std::move(*program), *next) : *next;
  }
  return program;
}

Compiled translate_any(const std::vector<Filter>& parts) {
  if (parts.empty()) return jump(2 * kOp);
  Compiled program;
  for (const Filter& part : parts) {
    const Compiled next = translate(part);
    if (!next) return {};
    program = program ? either(std::move(*program), *next) : *next;
    if (program->size() > kMaxBytecode) return {};
  }
  return program;
}

// `filter` has been pushed down.
Compiled translate(const Filter& filter) {
  switch (filter.kind()) {
    case Filter::Kind::condition:
      return std::visit([](const auto& condition) { return translate(condition); }, filter.condition());
    case Filter::Kind::all: return translate_all(filter.parts());
    case Filter::Kind::any: return translate_any(filter.parts());
    case Filter::Kind::none_of: {
      const Filter& inner = filter.parts().front();
      Compiled program = is_wider_there(inner.condition()) ? Compiled{} : translate(inner);
      return program ? Compiled{opposite(std::move(*program))} : program;
    }
  }
  return {};
}

}  // namespace

std::vector<std::byte> compile(const Filter& filter) {
  Compiled program = translate(filter.pushed_down());
  return program && program->size() <= kMaxBytecode ? std::move(*program) : Program{};
}

}  // namespace xlimit::sockets
