// SPDX-License-Identifier: MIT
// Which exit code an error number becomes.
#include "base/result.h"

#include <system_error>

namespace xlimit::base {
namespace {

Exit exit_of(int number) {
  switch (number) {
    case EACCES:
    case EPERM: return Exit::kPermission;
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ENODEV:
    case ENXIO:
    case ECONNREFUSED:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
    case EOPNOTSUPP: return Exit::kUnavailable;
    case EIO:
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EPIPE:
    case EFBIG: return Exit::kIo;
    case EAGAIN:
    case EBUSY:
    case ENOBUFS:
    case ETIMEDOUT: return Exit::kTemporary;
    default: return Exit::kSystem;
  }
}

}  // namespace

Error make_os_error(const std::string& what, int number) {
  return {exit_of(number), what + ": " + std::system_category().message(number)};
}

}  // namespace xlimit::base
